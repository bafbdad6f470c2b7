"""What can go wrong with a conversation."""

from meshop_shared.errors import Conflict, NotFound, ServiceUnavailable


class ConversationNotFound(NotFound):
    """404: the conversation has ended, or is somebody else's."""

    code = "conversation_not_found"
    message = "This conversation does not exist."


class ActionNotFound(NotFound):
    """404: the action was confirmed already, has expired, or was proposed to somebody else."""

    code = "action_not_found"
    message = "This action does not exist, was confirmed already, or has expired."


class ConversationBusy(Conflict):
    """409: a conversation is one message at a time."""

    code = "conversation_busy"
    message = "The last message of this conversation is still being answered."


class ShopUnavailable(ServiceUnavailable):
    """503: the shop or the store of conversations does not answer; the gateway asks the fallback."""

    code = "dependency_unavailable"
    message = "The shop does not answer right now."
