"""The one question: something said or confirmed. As JSON, or as server-sent events."""

import asyncio
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from chatbot.callers import Callers
from chatbot.conversations import Conversation, Conversations
from chatbot.dialogue import Answered, Dialogue, Understand
from chatbot.errors import ShopUnavailable
from chatbot.llm import Llm
from chatbot.model import IntentModel, NearestPhrasing
from chatbot.schemas import ChatAnswer, ChatQuestion
from chatbot.shop import CallersShop, Shop
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Loaded, Models

_EVENTS = "text/event-stream"
_PIECE = re.compile(r"\S+\s*")


class Assistant:
    """Everything that a route needs, wired in :mod:`chatbot.main`."""

    def __init__(
        self, *, callers: Callers, conversations: Conversations, shop: Shop, baseline: NearestPhrasing,
        llm: Llm | None, timeout_s: float,
    ) -> None:  # fmt: skip
        self.callers, self.conversations, self.shop = callers, conversations, shop
        self._baseline, self._timeout_s = baseline, timeout_s
        self._dialogue = Dialogue(conversations, llm=llm)

    async def answer(
        self, question: ChatQuestion, request: Request, loaded: Loaded[IntentModel] | None
    ) -> tuple[ChatAnswer, CallersShop]:
        """Answer within the deadline. Raises ``MeshopError``."""
        caller = await self.callers.caller(request)
        shop = self.shop.of(caller)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self.conversations.opened(question.conversation_id, caller) as conversation,
            ):
                answered = await self._answered(question, conversation, shop, loaded)
        except TimeoutError as error:
            raise ShopUnavailable() from error
        answer = ChatAnswer(
            source="model" if loaded else "baseline",
            model=loaded.ref if loaded else None,
            reasons=answered.reply.reasons,
            conversation_id=conversation.id,
            reply=answered.reply.text,
            citations=answered.reply.citations,
            proposed_action=answered.action,
        )
        return answer, shop

    async def _answered(
        self, question: ChatQuestion, conversation: Conversation, shop: CallersShop,
        loaded: Loaded[IntentModel] | None,
    ) -> Answered:  # fmt: skip
        if question.confirm is not None:
            return await self._dialogue.confirm(conversation, shop, question.confirm)
        assert question.message is not None
        understand: Understand = loaded.model.understand if loaded else self._baseline.understand
        return await self._dialogue.say(conversation, shop, question.message, understand)


def routes_build(models: Models[IntentModel], decisions: DecisionLog, assistant: Assistant) -> APIRouter:
    """Routes over the model that is current when a request arrives."""
    router = APIRouter()

    async def chat(question: ChatQuestion, request: Request) -> tuple[ChatAnswer, CallersShop]:
        answer, shop = await assistant.answer(question, request, models.current)
        decisions.record(
            operation="chat", request_id=request.scope["request_id"], question=question,
            answer=answer.model_copy(update={"reply": "", "citations": [], "proposed_action": None}),
        )  # fmt: skip
        return answer, shop

    @router.post("/chat/", response_model=ChatAnswer)
    async def chat_say(question: ChatQuestion, request: Request) -> Response:
        """Say something to the shop's assistant, or confirm what it proposed.

        With `Accept: text/event-stream` the answer comes as server-sent events: `delta` with pieces of the reply,
        then `answer` with all of it.
        """
        answer, shop = await chat(question, request)
        response: Response
        if _EVENTS in request.headers.get("accept", ""):
            response = StreamingResponse(_events(answer), media_type=_EVENTS)
        else:
            response = JSONResponse(answer.model_dump(mode="json"))
        response.headers["Cache-Control"] = "no-store"
        if shop.cart_token is not None:
            response.headers["X-Cart-Token"] = shop.cart_token
            response.set_cookie(
                "cart_token", shop.cart_token, max_age=30 * 24 * 3600, httponly=True, samesite="lax",
                secure=request.headers.get("x-forwarded-proto") == "https",
            )  # fmt: skip
        return response

    return router


async def _events(answer: ChatAnswer) -> AsyncIterator[bytes]:
    """The reply word by word, then the whole answer: what refuses a message has refused it with a status before."""
    for piece in _PIECE.findall(answer.reply):
        yield _event("delta", JSONResponse({"text": piece}).body)
    yield _event("answer", answer.model_dump_json().encode())


def _event(name: str, data: bytes | memoryview) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), bytes(data))
