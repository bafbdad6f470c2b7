"""From a message to an answer. Reads are done at once; every change becomes a proposal."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from chatbot.articles import articles_search
from chatbot.carts import cart_add, cart_clear, cart_holds, cart_remove, cart_set, cart_show
from chatbot.catalogue import product_info, products_search
from chatbot.conversations import Conversation, Conversations, Wish
from chatbot.errors import ActionNotFound
from chatbot.followups import answered_question, bare_choice, corrected_wish, decided
from chatbot.llm import Llm
from chatbot.model import Understood
from chatbot.orders import order_cancel, order_return, order_status, orders_list
from chatbot.policies import policy_answer
from chatbot.replies import Reply, plain
from chatbot.schemas import Action
from chatbot.shop import CallersShop, Refused
from chatbot.slots import Said
from chatbot.tools import step_run, ticket_of
from chatbot.turns import Turn

Understand = Callable[[str], Understood]
#: Below this the classifier does not know.
UNSURE = 0.35
WRITES = {
    "cart_add": cart_add, "cart_remove": cart_remove, "cart_set": cart_set, "cart_clear": cart_clear,
    "order_cancel": order_cancel, "order_return": order_return,
}  # fmt: skip
_VERBS = (
    "add|put|remove|delete|take|drop|cancel|return|change|set|make|update|empty|clear|show|buy|get|give|tell|what|how|"
    "where|when|track|swap|replace|throw|send|i want|i need|i'd like|i would like|can you|could you|please"
)
_CLAUSES = re.compile(
    rf"(?:[.;!?]+\s+|,?\s*\b(?:and then|then|and also|and|also)\s+|,\s+)(?=(?:please\s+|also\s+)?(?:{_VERBS})\b)"
)
_SWAP = re.compile(
    r"\b(?:replace|swap|substitute|exchange|switch)\s+(?P<out>.+?)\s+(?:with|for|by|to)\s+(?P<into>.+)|"
    r"\b(?P<into2>(?:.+?))\s+instead of\s+(?P<out2>(?:the|a|an|my)\s+.+)"
)
_INTO_CART = re.compile(
    r"^(?:\w+,? ){0,4}?(?:add|put|pop|place|throw|stick|toss|chuck|slip)\b(?!.*\b(?:back|out|from)\b).*"
    r"\b(?:in|into|to)\s+(?:my|the|our)\s+(?:shopping\s+)?(?:cart|basket|bag|trolley)\b"
)
_HELP = (
    "I can search the shop, tell prices and stock, change your cart, say where your orders are, cancel or return them, "
    "quote the shop's terms, and hand you over to a person."
)
_SMALL_TALK = {
    "greet": f"Hello! {_HELP} What can I do for you?",
    "help": _HELP,
    "thanks": "You are welcome.",
    "out_of_scope": "I can only help with this shop: its products, your cart, your orders and its terms.",
    "checkout": "Check out in the shop with the address and payment you like; I do not take payments.",
}


@dataclass
class Answered:
    """What goes back."""

    reply: Reply
    action: Action | None


class Dialogue:
    """Answers messages. Raises ``ShopUnavailable``, ``NotAuthenticated`` and ``ActionNotFound``."""

    def __init__(self, conversations: Conversations, *, llm: Llm | None = None) -> None:
        self._conversations, self._llm = conversations, llm

    async def say(
        self, conversation: Conversation, shop: CallersShop, text: str, understand: Understand
    ) -> Answered:
        """Answer something that was said."""
        said = Said(text)
        turn = Turn(conversation, shop, said)
        decision = decided(said, understand)
        if conversation.pending is not None and conversation.question is None and decision == "yes":
            return await self.confirm(conversation, shop, conversation.pending, said=text)
        try:
            await self._handle(turn, understand, decision)
        except Refused as refusal:
            turn.reply.ask(f"The shop says: {refusal.message}")
        return await self._finish(turn)

    async def confirm(
        self, conversation: Conversation, shop: CallersShop, action_id: str, *, said: str = "(confirmed)"
    ) -> Answered:
        """Do what was proposed, once. Raises ``ActionNotFound``."""
        turn = Turn(conversation, shop, Said(said))
        try:
            action = await self._conversations.take(conversation, action_id)
        except ActionNotFound:
            if said == "(confirmed)":
                raise
            conversation.pending = None
            turn.reply.ask("That offer has expired; please ask again.")
            return await self._finish(turn)
        conversation.pending = conversation.wish = None
        for step in action.steps:
            try:
                sentence, source = await step_run(shop, step)
                turn.reply.state(sentence, source)
            except Refused as refusal:
                turn.reply.ask(f"That did not work: {refusal.message}")
        turn.reply.reasons.append("confirmed by the caller")
        return await self._finish(turn)

    async def _finish(self, turn: Turn) -> Answered:
        conversation, action = turn.conversation, None
        if turn.steps:
            summary = " and ".join(turn.summaries)
            action = await self._conversations.propose(conversation, summary=summary, steps=turn.steps)
            conversation.wish = turn.wish
            turn.reply.ask(f"Shall I {summary}?")
        conversation.say("user", turn.said.text)
        conversation.say("assistant", turn.reply.text)
        return Answered(turn.reply, action)

    async def _handle(self, turn: Turn, understand: Understand, decision: str) -> None:
        conversation, said = turn.conversation, turn.said
        question = conversation.question
        if question is not None:
            conversation.question = None
            if decision == "no" and not said.phrase:
                turn.reply.ask("All right. What else can I do?")
                return
            wish = answered_question(question, said, understand)
            if wish is not None:
                await self._settle(turn, wish, said)
                return
        elif conversation.pending is not None and conversation.wish is not None:
            wish = corrected_wish(conversation.wish, said, understand, denied=decision == "no")
            if wish is not None:
                await self._settle(turn, wish, said)
                return
        if decision == "no" and not said.phrase:
            had = conversation.pending is not None
            await self._conversations.withdraw(conversation)
            turn.reply.ask("All right, nothing was changed." if had else "All right. What else can I do?")
            return
        if decision == "yes" and conversation.pending is None:
            turn.reply.ask("There is nothing to confirm. What can I do for you?")
            return
        item = bare_choice(conversation.products, said)
        if item is not None:
            await product_info(turn, said, product_id=item.id)
            await cart_add(turn, Wish(kind="cart_add", product_id=item.id), said)
            return
        await self._message(turn, understand)

    async def _message(self, turn: Turn, understand: Understand) -> None:
        llm = self._llm
        if llm is not None and llm.wanted(understand(turn.said.text).sureness < UNSURE):
            chosen = await self._chosen_by_llm(turn, llm)
            if chosen:
                return
        swap = _SWAP.search(turn.said.plain)
        if swap and await self._swap(turn, swap):
            return
        clauses = [Said(part) for part in _CLAUSES.split(turn.said.text) if part and part.strip()]
        readings = [(clause, self._intent(understand(clause.text), clause)) for clause in clauses]
        if len(readings) > 1 and sum(intent in WRITES for _, intent in readings) > 1:
            for clause, intent in readings:
                if intent in WRITES:
                    await self._write(turn, intent, clause)
            return
        understood = understand(turn.said.text)
        turn.reply.reasons.append(f"understood as {understood.intent} ({understood.sureness:.2f})")
        await self._do(turn, self._intent(understood, turn.said), turn.said)

    async def _chosen_by_llm(self, turn: Turn, llm: Llm) -> bool:
        """Let the language model choose what to do; False when it chose nothing that there is."""

        async def look(phrase: str) -> str:
            cards = [match.card for match in await articles_search(turn, Said(phrase))][:5]
            return json.dumps([{"name": plain(card["name"]), "price": card["price"]} for card in cards])

        choices = await llm.choose(turn.conversation, turn.said.text, look)
        for choice in choices:
            if turn.conversation.question is not None:
                break
            said = Said(choice.phrase or turn.said.text)
            if choice.intent in WRITES:
                wish = Wish(kind=choice.intent, quantity=choice.quantity, reason=choice.reason)
                await WRITES[choice.intent](turn, wish, said)
            else:
                await self._do(turn, choice.intent, said)
        if choices:
            turn.reply.reasons.append("a language model chose the tools")
        return bool(choices)

    @staticmethod
    def _intent(understood: Understood, said: Said) -> str:
        """What the classifier says, unless the message itself says more."""
        intent = understood.intent
        if _INTO_CART.search(said.plain):
            return "cart_add"
        if said.order_numbers or said.order_ids:
            if intent in ("cart_remove", "deny") and "cancel" in said.plain:
                return "order_cancel"
            if intent in ("product_search", "product_info", "out_of_scope"):
                return "order_status"
        if understood.sureness < UNSURE and intent not in WRITES:
            return "product_search" if said.content else intent
        return intent

    async def _do(self, turn: Turn, intent: str, said: Said) -> None:
        if intent in WRITES:
            await self._write(turn, intent, said)
        elif intent == "product_search":
            await products_search(turn, said)
        elif intent == "product_info":
            await product_info(turn, said)
        elif intent == "cart_show":
            await cart_show(turn, said)
        elif intent == "order_list":
            await orders_list(turn, said)
        elif intent == "order_status":
            await order_status(turn, said)
        elif intent == "policy":
            if not await policy_answer(turn, said):
                turn.reply.ask("The shop's terms do not say. Shall I ask a person? Say “human”.")
        elif intent == "human":
            self._hand_over(turn)
        else:
            turn.reply.ask(_SMALL_TALK.get(intent, f"I did not understand that. {_HELP}"))

    async def _write(self, turn: Turn, intent: str, said: Said) -> None:
        parts = said.parts() if intent in ("cart_add", "cart_remove") else [said]
        about_order = intent == "cart_remove" and len(parts) == 1 and "order" in said.tokens
        if about_order and turn.shop.caller.signed_in and not await cart_holds(turn, said):
            intent = "order_cancel"
        for part in parts:
            if (
                turn.conversation.question is not None
            ):  # one question at a time: the rest waits for its answer
                turn.conversation.question.wish.later.append(Wish(kind=intent, phrase=part.text))
                continue
            await WRITES[intent](turn, Wish(kind=intent), part)
        if turn.conversation.question is not None and turn.steps:
            waiting = turn.conversation.question.wish
            waiting.steps, waiting.summaries = list(turn.steps), list(turn.summaries)
            turn.steps.clear()
            turn.summaries.clear()

    async def _settle(self, turn: Turn, wish: Wish, said: Said) -> None:
        """Go on with a wish that was unclear, and with what waited behind it."""
        turn.steps, turn.summaries = list(wish.steps), list(wish.summaries)
        later, wish = wish.later, wish.model_copy(update={"steps": [], "summaries": [], "later": []})
        if wish.kind == "info":
            await product_info(turn, said)
            return
        await WRITES[wish.kind](turn, wish, said)
        for following in later:
            if turn.conversation.question is not None:
                turn.conversation.question.wish.later.append(following)
            else:
                await WRITES[following.kind](turn, Wish(kind=following.kind), Said(following.phrase))
        if turn.conversation.question is not None and turn.steps:
            waiting = turn.conversation.question.wish
            waiting.steps, waiting.summaries = list(turn.steps), list(turn.summaries)
            turn.steps, turn.summaries = [], []

    async def _swap(self, turn: Turn, match: "re.Match[str]") -> bool:
        """Take one thing out and put another in, when the first is in the cart."""
        out, into = Said(match["out"] or match["out2"] or ""), Said(match["into"] or match["into2"] or "")
        if not out.phrase or not into.phrase or not await cart_holds(turn, out):
            return False
        await cart_remove(turn, Wish(kind="cart_remove"), out)
        if turn.conversation.question is None:
            await cart_add(turn, Wish(kind="cart_add"), into)
        return True

    def _hand_over(self, turn: Turn) -> None:
        if not turn.shop.caller.signed_in:
            turn.reply.ask("Please sign in first: then I can open a ticket, and a person answers you.")
            return
        transcript = [turn_.model_dump() for turn_ in turn.conversation.turns]
        transcript = [*transcript, {"role": "user", "text": turn.said.text[:600]}]
        step = ticket_of(
            subject=turn.said.text[:200],
            conversation_id=turn.conversation.id,
            transcript=transcript,
        )
        turn.add_step(
            Wish(kind="human"), step, "open a ticket so that a person answers you, with this conversation"
        )
