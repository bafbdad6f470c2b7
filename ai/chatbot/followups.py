"""Short messages that only make sense after the one before: yes, no, the second one, no two of them."""

from collections.abc import Callable

from chatbot.conversations import Item, Question, Wish
from chatbot.language import number_of, ordinal_of, tokens_of
from chatbot.matching import chosen, matches_of
from chatbot.model import Understood
from chatbot.slots import Said
from chatbot.turns import picked

Understand = Callable[[str], Understood]
_YES = frozenset(
    ("yes", "yep", "yeah", "yup", "ya", "aye", "y", "sure", "ok", "okay", "k", "alright", "confirm", "confirmed",
     "correct", "exactly", "right", "absolutely", "definitely", "certainly", "agreed", "proceed", "please",
     "affirmative", "indeed", "fine")
)  # fmt: skip
_NO = frozenset(
    ("no", "nope", "nah", "n", "never", "nevermind", "stop", "wrong", "not", "don't", "dont", "neither", "negative",
     "cancel")
)  # fmt: skip
_PLAIN = frozenset(("the", "one", "ones", "please", "that", "this", "in", "number", "option", "a", "last"))
#: A message with more words than this is not just yes or no.
_SHORT = 7
_SURE = 0.75
_COMMANDS = frozenset(
    ("cart_remove", "cart_clear", "cart_show", "order_list", "order_status", "order_cancel", "order_return", "policy",
     "human", "checkout", "product_info", "product_search", "greet", "help", "out_of_scope")
)  # fmt: skip


def decided(said: Said, understand: Understand) -> str:
    """``yes``, ``no`` or nothing: by the first word, and by the classifier for longer ways to say it.

    What names an article, a number or an order is never just a yes: it may ask for something else.
    """
    tokens = tokens_of(said.text)
    if not tokens or len(tokens) > _SHORT:
        return "no" if tokens and tokens[0] in ("no", "nope", "nah") else ""
    if tokens[0] in ("no", "nope", "nah"):
        return "no"
    if said.content or said.order_numbers or said.order_ids or any(number_of(t) is not None for t in tokens):
        return ""
    if all(token in _YES for token in tokens) and tokens != ["please"]:
        return "yes"
    intent = understand(said.text).intent
    if intent == "affirm" and not _NO & set(tokens):
        return "yes"
    return "no" if intent == "deny" else ""


def answered_question(question: Question, said: Said, understand: Understand) -> Wish | None:
    """The wish with what was asked for filled in; ``None`` when the message is about something else."""
    wish, choices = question.wish, question.choices
    if question.slot == "quantity":
        quantity = said.quantity() or (1 if "one" in said.tokens else None)
        return wish.model_copy(update={"quantity": quantity}) if quantity is not None else None
    item = _choice(choices, said)
    if item is not None:
        if question.slot == "order":
            return wish.model_copy(update={"order_id": item.id})
        if question.slot == "variant":
            return wish.model_copy(update={"phrase": f"{wish.phrase} {item.name}"})
        if question.slot == "product":
            return wish.model_copy(
                update={"product_id": item.id, "quantity": wish.quantity or _count(said, item)}
            )
        return wish.model_copy(update={"phrase": item.name, "order_id": item.id})
    understood = understand(said.text)
    if understood.intent in _COMMANDS and understood.sureness >= _SURE and not _bare(said):
        return None
    if question.slot == "order" and (said.order_numbers or said.order_ids or said.recent or said.oldest):
        return wish
    if question.slot in ("product", "line") and said.phrase:
        return wish.model_copy(update={"quantity": wish.quantity or said.quantity()})
    return None


def _bare(said: Said) -> bool:
    """Whether the message is nothing but a name."""
    return len(said.tokens) <= len(said.content) + 2


def _choice(choices: list[Item], said: Said) -> Item | None:
    item = picked(choices, said)
    if item is not None:
        return item
    tokens = said.tokens
    digits = [int(token) for token in tokens if token.isdigit() and len(token) < 3]
    if len(tokens) <= 3 and len(digits) == 1 and 1 <= digits[0] <= len(choices):
        named = [one for one in choices if str(digits[0]) in tokens_of(one.name)]
        return named[0] if len(named) == 1 else choices[digits[0] - 1]
    raw = set(tokens_of(said.text))
    whole = [one for one in choices if set(tokens_of(one.name)) <= raw]
    if len(whole) == 1:
        return whole[0]
    found = chosen(matches_of(said, [{"id": one.id, "name": one.name} for one in choices]))
    if len(found) == 1:
        return next(one for one in choices if one.id == found[0].card["id"])
    numbers = [one for one in choices if any(number in one.name for number in said.order_numbers)]
    return numbers[0] if len(numbers) == 1 else None


def bare_choice(shown: list[Item], said: Said) -> Item | None:
    """One of what was just shown, when the message is nothing but its name or place: "the blue one, please"."""
    extra = [token for token in said.tokens if token not in _PLAIN and token not in said.content]
    if not shown or any(number_of(token) is None and ordinal_of(token) is None for token in extra):
        return None
    if len(said.tokens) > _SHORT or not (said.content or said.place):
        return None
    return _choice(shown, said)


def _count(said: Said, item: Item) -> int | None:
    """A quantity said beside the choice: "two of the second one"."""
    if said.place is not None and said.place > 0 and str(said.place) in said.tokens:
        return None
    return said.quantity(item.name)


def corrected_wish(wish: Wish, said: Said, understand: Understand, *, denied: bool) -> Wish | None:
    """What was proposed, changed: "no, two of them", "make it three", "I meant the blue one"; ``None`` if it is not."""
    if wish.kind in ("cart_clear", "human") or said.order_numbers or said.order_ids:
        return None
    understood = understand(said.text)
    quantity = said.quantity() or (1 if {"one"} & set(said.tokens) and "only" in said.tokens else None)
    if denied or understood.intent in ("deny", "cart_set", "affirm") or _is_correction(said):
        if quantity is not None and not said.content:
            return wish.model_copy(update={"quantity": quantity})
        if said.content and (denied or _is_correction(said)) and wish.kind.startswith("cart_"):
            return wish.model_copy(
                update={"product_id": None, "quantity": quantity or wish.quantity, "phrase": ""}
            )
        return None
    few = len(said.tokens) <= 4 and not said.content
    counts = understood.intent in ("cart_add", "product_search", "cart_set")
    if few and counts and quantity is not None and "more" not in said.tokens:
        return wish.model_copy(update={"quantity": quantity})
    return None


def _is_correction(said: Said) -> bool:
    return said.plain.startswith(
        ("i meant", "i mean", "actually", "sorry", "rather", "make it", "make that", "wait")
    ) or ("instead" in said.tokens and "of" not in said.tokens)
