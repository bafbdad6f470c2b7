"""A small Stripe: checkout sessions, intents, charges, refunds and events, in Stripe's shapes. No network, no Django.

The fake provider runs on it, and so does the server that the tests put in Stripe's place. What a card does follows
Stripe's test cards (https://docs.stripe.com/testing).
"""

import copy
import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

Object = dict[str, Any]
Events = list[Object]

#: Confirmed with this instead of a card, the money arrives (or not) when ``settle`` is called.
SLOW_METHOD = "bank_debit"
_AUTHENTICATION_CARD = "4000002500003155"
_GOOD_CARDS = {"4242424242424242": "visa", "5555555555554444": "mastercard", _AUTHENTICATION_CARD: "visa"}
_DECLINES = {
    "4000000000000002": ("generic_decline", "Your card was declined."),
    "4000000000009995": ("insufficient_funds", "Your card has insufficient funds."),
    "4000000000000069": ("expired_card", "Your card has expired."),
}
_UNKNOWN_CARD = ("incorrect_number", "Your card number is incorrect.")


class BankRefused(Exception):
    """The bank says no; ``code`` is Stripe's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Store(Protocol):
    """Where the bank keeps its objects."""

    def exclusive(self) -> AbstractContextManager[Any]:
        """Let one caller at a time change objects; all or nothing."""

    def get(self, id: str) -> Object | None:
        """An object."""

    def put(self, id: str, document: Object, parent: str = "") -> None:
        """Keep an object."""

    def children(self, parent: str) -> list[Object]:
        """Objects that were put with this parent, oldest first."""


class FakeBank:
    """Every change returns the object and the events that Stripe would send. ``clock`` gives Unix seconds."""

    def __init__(self, store: Store, *, clock: Callable[[], float], page_url: str) -> None:
        self._store, self._clock, self._page_url = store, clock, page_url

    # What our backend calls

    def session_create(self, params: Mapping[str, Any], *, key: str) -> Object:
        """``POST /v1/checkout/sessions``. Refuses a key that was used with other parameters."""
        return self._once(key, params, lambda: self._session_new(params))

    def session_get(self, session_id: str) -> Object:
        """``GET /v1/checkout/sessions/{id}`` with intent, charge and balance transaction expanded."""
        with self._store.exclusive():
            session = self._session(session_id)
        if session["payment_intent"]:
            session["payment_intent"] = intent = self._known(session["payment_intent"])
            if intent["latest_charge"]:
                intent["latest_charge"] = self._expanded_charge(intent["latest_charge"])
        return session

    def session_expire(self, session_id: str) -> tuple[Object, Events]:
        """``POST /v1/checkout/sessions/{id}/expire``."""
        with self._store.exclusive():
            session = self._session(session_id)
            if session["status"] != "open":
                raise BankRefused("session_not_open")
            session["status"] = "expired"
            self._save(session)
            return session, [self._event("checkout.session.expired", session)]

    def refund_create(self, params: Mapping[str, Any], *, key: str) -> tuple[Object, Events]:
        """``POST /v1/refunds``; with ``status: pending`` in the metadata it stays so until it is settled."""
        made: Events = []

        def make() -> Object:
            refund, events = self._refund_new(params)
            made.extend(events)
            return refund

        return self._once(key, params, make), made

    def refund_get(self, refund_id: str) -> Object:
        """``GET /v1/refunds/{id}``."""
        return self._known(refund_id)

    def refunds_of(self, intent_id: str) -> list[Object]:
        """``GET /v1/refunds?payment_intent=``."""
        return [child for child in self._store.children(intent_id) if child["object"] == "refund"]

    # What customers and banks do

    def confirm(self, session_id: str, *, card: str, authenticated: bool = False) -> tuple[Object, Events]:
        """The customer pays on the page. Refuses a page that is closed."""
        with self._store.exclusive():
            session = self._session(session_id)
            if session["status"] != "open":
                raise BankRefused("session_not_open")
            intent = self._intent_of(session)
            session["payment_intent"] = intent and intent["id"]
            if intent is None:
                return self._complete(session, "no_payment_required", [])
            if card == SLOW_METHOD:
                self._save(intent | {"status": "processing"})
                events = [self._event("payment_intent.processing", intent | {"status": "processing"})]
                return self._complete(session, "unpaid", events)
            if card not in _GOOD_CARDS:
                return session, self._declined(session, intent, card)
            if card == _AUTHENTICATION_CARD and not authenticated:
                return session, self._authentication_wanted(session, intent)
            return self._complete(session, "paid", self._captured(intent, card))

    def settle(self, session_id: str, *, succeeds: bool) -> tuple[Object, Events]:
        """The slow method's money arrives, or does not."""
        with self._store.exclusive():
            session = self._session(session_id)
            if session["status"] != "complete" or session["payment_status"] != "unpaid":
                raise BankRefused("session_not_open")
            intent = self._known(session["payment_intent"])
            if succeeds:
                session["payment_status"] = "paid"
                events = self._captured(intent, "4242424242424242")
                name = "checkout.session.async_payment_succeeded"
            else:
                events, name = self._failed(intent, *_UNKNOWN_CARD), "checkout.session.async_payment_failed"
            self._save(session)
            return session, [*events, self._event(name, session)]

    def refund_settle(self, refund_id: str, *, succeeds: bool) -> tuple[Object, Events]:
        """A refund arrives at the customer's bank, or is sent back."""
        with self._store.exclusive():
            refund = self._known(refund_id)
            refund["status"] = "succeeded" if succeeds else "failed"
            refund["failure_reason"] = None if succeeds else "lost_or_stolen_card"
            self._save(refund, parent=refund["payment_intent"])
            return refund, [self._event("refund.updated" if succeeds else "refund.failed", refund)]

    # Objects

    def _session_new(self, params: Mapping[str, Any]) -> Object:
        lines = params["line_items"]
        if int(params["expires_at"]) < self._clock() + 29 * 60:
            raise BankRefused("parameter_invalid_expires_at")
        session_id = _new_id("cs")
        customer = params.get("customer")
        if customer is None and params.get("customer_creation") == "always":
            customer = _new_id("cus")
        session = {
            "id": session_id,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "mode": "payment",
            "amount_total": sum(
                int(line["price_data"]["unit_amount"]) * int(line["quantity"]) for line in lines
            ),
            "currency": lines[0]["price_data"]["currency"],
            "client_reference_id": params.get("client_reference_id"),
            "customer": customer,
            "metadata": dict(params.get("metadata") or {}),
            "payment_intent": None,
            "success_url": params["success_url"],
            "cancel_url": params.get("cancel_url"),
            "url": f"{self._page_url}{session_id}/",
            "expires_at": int(params["expires_at"]),
            "created": int(self._clock()),
            "livemode": False,
            "_intent_data": copy.deepcopy(params.get("payment_intent_data") or {}),
        }
        self._save(session)
        return session

    def _session(self, session_id: str) -> Object:
        session = self._known(session_id)
        if session["status"] == "open" and session["expires_at"] < self._clock():
            session["status"] = "expired"
            self._save(session)
        return session

    def _intent_of(self, session: Object) -> Object | None:
        """The session's intent, made when somebody first tries to pay; none when there is nothing to pay."""
        if session["payment_intent"]:
            return self._known(session["payment_intent"])
        if session["amount_total"] == 0:
            return None
        return {
            "id": _new_id("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_received": 0,
            "currency": session["currency"],
            "customer": session["customer"],
            "status": "requires_payment_method",
            "metadata": dict(session["_intent_data"].get("metadata") or {}),
            "setup_future_usage": session["_intent_data"].get("setup_future_usage"),
            "last_payment_error": None,
            "latest_charge": None,
            "created": int(self._clock()),
            "livemode": False,
        }

    def _complete(self, session: Object, payment_status: str, events: Events) -> tuple[Object, Events]:
        session |= {"status": "complete", "payment_status": payment_status, "url": None}
        self._save(session)
        return session, [*events, self._event("checkout.session.completed", session)]

    def _declined(self, session: Object, intent: Object, card: str) -> Events:
        self._save(session)
        return self._failed(intent, *_DECLINES.get(card, _UNKNOWN_CARD))

    def _failed(self, intent: Object, code: str, message: str) -> Events:
        error = {"code": "card_declined", "decline_code": code, "message": message, "type": "card_error"}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._save(intent)
        return [self._event("payment_intent.payment_failed", intent)]

    def _authentication_wanted(self, session: Object, intent: Object) -> Events:
        intent["status"] = "requires_action"
        self._save(session)
        self._save(intent)
        return [self._event("payment_intent.requires_action", intent)]

    def _captured(self, intent: Object, card: str) -> Events:
        charge = {
            "id": _new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "captured": True,
            "paid": True,
            "status": "succeeded",
            "currency": intent["currency"],
            "customer": intent["customer"],
            "metadata": intent["metadata"],
            "payment_intent": intent["id"],
            "payment_method": _new_id("pm"),
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": _GOOD_CARDS[card],
                    "last4": card[-4:],
                    "fingerprint": hashlib.sha256(f"card {card}".encode()).hexdigest()[:16],
                    "exp_month": 12,
                    "exp_year": 2034,
                },
            },
            "balance_transaction": _new_id("txn"),
            "created": int(self._clock()),
            "livemode": False,
        }
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "last_payment_error": None,
        }
        self._save(charge)
        self._save(intent)
        return [self._event("charge.succeeded", charge), self._event("payment_intent.succeeded", intent)]

    def _expanded_charge(self, charge_id: str) -> Object:
        charge = self._known(charge_id)
        fee = charge["amount"] * 15 // 1000 + 20
        balance = {"id": charge["balance_transaction"], "object": "balance_transaction", "fee": fee}
        return charge | {"balance_transaction": balance | {"currency": charge["currency"]}}

    def _refund_new(self, params: Mapping[str, Any]) -> tuple[Object, Events]:
        intent = self._known(params["payment_intent"])
        if intent["status"] != "succeeded":
            raise BankRefused("charge_not_captured")
        live = [refund for refund in self.refunds_of(intent["id"]) if refund["status"] != "failed"]
        amount = int(params["amount"])
        if amount + sum(refund["amount"] for refund in live) > intent["amount_received"]:
            raise BankRefused("charge_already_refunded")
        metadata = dict(params.get("metadata") or {})
        refund = {
            "id": _new_id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "charge": intent["latest_charge"],
            "payment_intent": intent["id"],
            "status": "pending" if "fake=pending" in metadata.get("reason", "") else "succeeded",
            "failure_reason": None,
            "metadata": metadata,
            "created": int(self._clock()),
        }
        self._save(refund, parent=intent["id"])
        return refund, [self._event("refund.created", refund)]

    # Keeping

    def _once(self, key: str, params: Mapping[str, Any], make: Callable[[], Object]) -> Object:
        with self._store.exclusive():
            known = self._store.get(f"key:{key}")
            if known is not None:
                if known["params"] != params:
                    raise BankRefused("idempotency_key_reused")
                return copy.deepcopy(known["answer"])
            answer = make()
            self._store.put(f"key:{key}", {"params": dict(params), "answer": answer})
            return answer

    def _known(self, id: str) -> Object:
        found = self._store.get(id)
        if found is None:
            raise BankRefused("resource_missing")
        return copy.deepcopy(found)

    def _save(self, object: Object, parent: str = "") -> None:
        self._store.put(object["id"], copy.deepcopy(object), parent)

    def _event(self, type: str, object: Object) -> Object:
        shown = {name: value for name, value in object.items() if not name.startswith("_")}
        return {
            "id": _new_id("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(self._clock()),
            "type": type,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {"object": copy.deepcopy(shown)},
        }


def _new_id(prefix: str) -> str:
    return f"{prefix}_fake_{secrets.token_hex(12)}"
