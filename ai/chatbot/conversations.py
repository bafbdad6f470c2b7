"""Conversations and open actions, in Redis: bounded, forgotten after a while, and each its owner's alone."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chatbot.callers import Caller
from chatbot.errors import ActionNotFound, ConversationBusy, ConversationNotFound, ShopUnavailable
from chatbot.schemas import Action, Step

#: Turns that are kept, of both sides together, and letters of each.
MAX_TURNS, MAX_LETTERS = 20, 600
_LOCK_S = 30
_UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class Turn(BaseModel):
    """Something said."""

    role: Literal["user", "assistant"]
    text: str


class Item(BaseModel):
    """Something that was shown: what "it" or "the second one" can mean."""

    model_config = ConfigDict(extra="ignore")

    id: int
    name: str
    price: str = ""


class Wish(BaseModel):
    """What a customer wants while it is not clear yet: the tool, and what is known of its arguments."""

    kind: str
    phrase: str = ""
    quantity: int | None = None
    product_id: int | None = None
    order_id: int | None = None
    reason: str = ""
    #: Steps of the same message that are clear already, and phrases that come after this one.
    steps: list[Step] = Field(default=[], max_length=10)
    summaries: list[str] = Field(default=[], max_length=10)
    later: list["Wish"] = Field(default=[], max_length=10)


class Question(BaseModel):
    """What was asked back, and the choices that were shown."""

    slot: Literal["product", "variant", "order", "line", "quantity"]
    wish: Wish
    choices: list[Item] = Field(default=[], max_length=20)


class Conversation(BaseModel):
    """All that is remembered."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    owner: str
    turns: list[Turn] = []
    #: Lists shown last, and the one thing spoken of last.
    products: list[Item] = []
    orders: list[Item] = []
    product: Item | None = None
    order: Item | None = None
    question: Question | None = None
    #: The action proposed last, and what it was made of, for corrections ("no, two of them").
    pending: str | None = None
    wish: Wish | None = None

    def say(self, role: Literal["user", "assistant"], text: str) -> None:
        """Remember a turn; the oldest is forgotten."""
        self.turns = [*self.turns, Turn(role=role, text=text[:MAX_LETTERS])][-MAX_TURNS:]


class _Stored(BaseModel):
    owner: str
    conversation_id: UUID
    action: Action


class Conversations:
    """The store. Raises ``ShopUnavailable`` while Redis is away."""

    def __init__(self, redis: Redis, *, ttl_s: int, confirm_ttl_s: int) -> None:
        self._redis, self._ttl_s, self._confirm_ttl_s = redis, ttl_s, confirm_ttl_s

    @asynccontextmanager
    async def opened(self, conversation_id: UUID | None, caller: Caller) -> AsyncIterator[Conversation]:
        """A new conversation, or the caller's own, to be answered by nobody else meanwhile; kept at the end.

        Raises ``ConversationNotFound`` for an id that has ended, never was, or is somebody else's, all alike, and
        ``ConversationBusy``.
        """
        if conversation_id is None:
            conversation = Conversation(id=uuid4(), owner=caller.owner)
            yield conversation
            await self._keep(conversation)
            return
        lock, token = f"chat:lock:{conversation_id}", secrets.token_hex(8)
        try:
            conversation = await self._find(conversation_id, caller)
            if not await self._redis.set(lock, token, nx=True, ex=_LOCK_S):
                raise ConversationBusy(headers={"Retry-After": "1"})
        except RedisError as error:
            raise ShopUnavailable() from error
        try:
            yield conversation
            await self._keep(conversation)
        finally:
            try:
                await self._redis.eval(_UNLOCK, 1, lock, token)
            except RedisError:
                pass  # it expires

    async def _find(self, conversation_id: UUID, caller: Caller) -> Conversation:
        content = await self._redis.get(f"chat:{conversation_id}")
        if content is None:
            raise ConversationNotFound()
        try:
            conversation = Conversation.model_validate_json(content)
        except ValidationError as error:  # written by another release
            raise ConversationNotFound() from error
        if conversation.owner != caller.owner:
            raise ConversationNotFound()
        return conversation

    async def _keep(self, conversation: Conversation) -> None:
        try:
            await self._redis.set(f"chat:{conversation.id}", conversation.model_dump_json(), ex=self._ttl_s)
        except RedisError as error:
            raise ShopUnavailable() from error

    async def propose(self, conversation: Conversation, *, summary: str, steps: list[Step]) -> Action:
        """Store an action to be confirmed; the one proposed before is void."""
        action = Action(
            id=secrets.token_urlsafe(18),
            summary=summary,
            steps=steps,
            expires_at=datetime.now(UTC) + timedelta(seconds=self._confirm_ttl_s),
        )
        stored = _Stored(owner=conversation.owner, conversation_id=conversation.id, action=action)
        try:
            if conversation.pending is not None:
                await self._redis.delete(_key(conversation.pending))
            await self._redis.set(_key(action.id), stored.model_dump_json(), ex=self._confirm_ttl_s)
        except RedisError as error:
            raise ShopUnavailable() from error
        conversation.pending = action.id
        return action

    async def take(self, conversation: Conversation, action_id: str) -> Action:
        """An action of this conversation and owner, taken out so that nobody confirms it again.

        Raises ``ActionNotFound``. Taking is one atomic step, and the check comes before it: a stranger who knows an
        id takes nothing away.
        """
        if action_id != conversation.pending:
            raise ActionNotFound()
        try:
            content = await self._redis.getdel(_key(action_id))
        except RedisError as error:
            raise ShopUnavailable() from error
        if content is None:
            raise ActionNotFound()
        stored = _Stored.model_validate_json(content)
        if (stored.owner, stored.conversation_id) != (conversation.owner, conversation.id):
            raise ActionNotFound()
        return stored.action

    async def withdraw(self, conversation: Conversation) -> None:
        """Make the open action void."""
        if conversation.pending is None:
            return
        try:
            await self._redis.delete(_key(conversation.pending))
        except RedisError as error:
            raise ShopUnavailable() from error
        conversation.pending = None


def _key(action_id: str) -> str:
    return f"chat:action:{action_id}"
