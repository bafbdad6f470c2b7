"""Shapes of the support endpoints."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import StrictCharField
from apps.support.models import Ticket

MAX_MESSAGE = 2_000


class PolicySerializer(serializers.Serializer):
    """What the shop promises about one matter."""

    slug = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    keywords = serializers.ListField(child=serializers.CharField())


class PolicyListSerializer(serializers.Serializer):
    """All of them; a shop has a handful."""

    results = PolicySerializer(many=True)


class TurnSerializer(serializers.Serializer):
    """One turn of a conversation."""

    role = serializers.ChoiceField(choices=["user", "assistant"])
    text = StrictCharField(max_length=MAX_MESSAGE)


class TicketInput(serializers.Serializer):
    """Body of ``POST support/tickets/``."""

    subject = StrictCharField(max_length=200)
    transcript = TurnSerializer(many=True, required=False, max_length=40, default=list)  # type: ignore[call-arg]
    conversation_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class TicketCloseInput(serializers.Serializer):
    """Body of ``POST support/tickets/{id}/close/``."""

    answer = StrictCharField(required=False, allow_blank=True, max_length=4_000, default="")


class TicketSerializer(serializers.Serializer):
    """A question to a person; ``answer`` is empty while it is open."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Ticket.Status.choices)
    subject = serializers.CharField()
    transcript = TurnSerializer(many=True)
    conversation_id = serializers.UUIDField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class ChatInput(serializers.Serializer):
    """Body of ``POST chat/``: something said, or the id of a proposed action that is confirmed."""

    message = StrictCharField(required=False, max_length=MAX_MESSAGE)
    conversation_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    confirm = StrictCharField(required=False, max_length=64)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and neither."""
        if ("message" in attrs) == ("confirm" in attrs):
            raise serializers.ValidationError({"message": ["Say something, or confirm an action."]})
        if "confirm" in attrs and attrs["conversation_id"] is None:
            raise serializers.ValidationError({"conversation_id": ["Say which conversation proposed it."]})
        return attrs


class CitationSerializer(serializers.Serializer):
    """Where a sentence of the reply comes from; ``marker`` stands in the reply as ``[1]``."""

    marker = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=["product", "order", "cart", "policy", "ticket", "return"])
    title = serializers.CharField()
    url = serializers.CharField(help_text="Path of the API that says it.")


class StepSerializer(serializers.Serializer):
    """One call that an action will make."""

    tool = serializers.CharField()
    arguments = serializers.DictField()


class ActionSerializer(serializers.Serializer):
    """A change that waits for the caller's confirmation: exactly these calls, once, until it expires."""

    id = serializers.CharField()
    summary = serializers.CharField()
    steps = StepSerializer(many=True)
    expires_at = serializers.DateTimeField()


class ChatModelSerializer(serializers.Serializer):
    """The model that understood the message."""

    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class ChatOutput(serializers.Serializer):
    """An answer of the assistant."""

    conversation_id = serializers.UUIDField()
    reply = serializers.CharField()
    citations = CitationSerializer(many=True)
    proposed_action = ActionSerializer(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["model", "cache", "baseline", "fallback"]
    )
    model = ChatModelSerializer(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
