"""One message being answered: the conversation, the shop as its caller sees it, and what comes out."""

from dataclasses import dataclass, field
from typing import Any

from chatbot.conversations import Conversation, Item, Question, Wish
from chatbot.replies import Reply, plain
from chatbot.schemas import Step
from chatbot.shop import CallersShop
from chatbot.slots import Said

Json = dict[str, Any]
#: Things that a list in a reply shows.
SHOWN = 5


@dataclass
class Turn:
    """What handlers read and fill in. ``steps`` are proposed at the end, with their ``summaries``."""

    conversation: Conversation
    shop: CallersShop
    said: Said
    reply: Reply = field(default_factory=Reply)
    steps: list[Step] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    #: The wish that the steps were made of, when it is only one: corrections change it.
    wish: Wish | None = None

    def ask_back(self, sentence: str, question: Question) -> None:
        """Ask for what is missing; the next message is read as the answer."""
        self.reply.ask(sentence)
        self.conversation.question = question

    def add_step(self, wish: Wish, step: Step, summary: str) -> None:
        """A clear step, to be proposed."""
        self.steps.append(step)
        self.summaries.append(summary)
        self.wish = wish if len(self.steps) == 1 else None

    def speak_of(self, card: Json) -> None:
        """Remember the product that "it" means from now on."""
        self.conversation.product = item_of(card)

    def show_products(self, cards: list[Json]) -> None:
        """Remember a list of products, for "the second one"."""
        self.conversation.products = [item_of(card) for card in cards]
        if len(cards) == 1:
            self.speak_of(cards[0])


def item_of(card: Json) -> Item:
    """A product as it is remembered."""
    return Item(id=card["id"], name=plain(card["name"]), price=str(card.get("price", "")))


def listed(items: list[Item]) -> str:
    """``1. This, 2. that``."""
    return ", ".join(f"{place}. {item.name}" for place, item in enumerate(items, 1))


def picked(items: list[Item], said: Said) -> Item | None:
    """The item of a list that a place in it means."""
    place = said.place
    if place is None or not items:
        return None
    if place == -1:
        return items[-1]
    return items[place - 1] if 1 <= place <= len(items) else None
