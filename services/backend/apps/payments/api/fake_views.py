"""The checkout page of the fake provider, for people and for curl. Not there with any other provider."""

import html
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.renderers import OrjsonParser
from apps.payments.api.serializers import FakePageInput
from apps.payments.bootstrap import fake_provider
from apps.payments.errors import FakeSessionClosed
from apps.payments.providers.base import ProviderRefused
from apps.payments.providers.fake import FakeProvider
from meshop_shared.errors import NotFound, ValidationFailed
from meshop_shared.money import minor_to_decimal_string

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Test payment</title>
<style>body{{font:1rem system-ui;max-width:28rem;margin:4rem auto}}button{{display:block;margin:.5rem 0}}</style>
</head><body><h1>Test payment</h1><p>No money moves. Total: <strong>{currency} {amount}</strong></p>
<p role="status">{message}</p>{buttons}<p><a href="{cancel_url}">Cancel</a></p>
</body></html>"""
_BUTTONS = {
    "card=4242424242424242": "Pay",
    "card=4000000000000002": "Pay with a card that is declined",
    "card=4000002500003155": "Pay with a card that needs authentication",
    "card=bank_debit": "Pay by a method that takes its time",
}
_MESSAGES = {
    "unpaid": "",
    "declined": "The card was declined. Try another.",
    "requires_action": "Your bank wants to know whether it is you.",
    "pending": "The payment is on its way.",
    "paid": "The payment has arrived.",
    "expired": "This page has expired.",
}


class FakeCheckoutApi(APIView):
    """``GET, POST fake/sessions/{id}/``."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes = [OrjsonParser, FormParser]

    @extend_schema(exclude=True)
    def get(self, request: Request, session_id: str) -> HttpResponse:
        """Show the page."""
        return _page(_provider().page_get, session_id)

    @extend_schema(exclude=True)
    def post(self, request: Request, session_id: str) -> HttpResponse | Response:
        """Pay. JSON is answered with ``{session_id, outcome}``, a form by going on to the shop."""
        serializer = FakePageInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data, provider = serializer.validated_data, _provider()
        session = _act(provider, session_id, data)
        if not str(request.content_type).startswith("application/json"):
            if session["status"] == "complete":
                return HttpResponseRedirect(
                    session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
                )
            return _page(provider.page_get, session_id)
        return Response({"session_id": session_id, "outcome": _outcome(provider.page_get(session_id))})


def _provider() -> FakeProvider:
    provider = fake_provider()
    if provider is None:
        raise NotFound()
    return provider


def _act(provider: FakeProvider, session_id: str, data: dict[str, Any]) -> dict[str, Any]:
    _known(provider.page_get, session_id)
    try:
        if "settle" in data:
            return provider.page_settle(session_id, succeeds=data["settle"] == "succeed")
        if "card" not in data:
            raise ValidationFailed.for_field("card", "This field is required.")
        return provider.page_confirm(
            session_id, card=data["card"].replace(" ", ""), authenticated=data["authenticated"]
        )
    except ProviderRefused as error:
        raise FakeSessionClosed() from error


def _known(page_get: Callable[[str], dict[str, Any]], session_id: str) -> dict[str, Any]:
    try:
        return page_get(session_id)
    except ProviderRefused as error:
        raise NotFound() from error


def _outcome(session: dict[str, Any]) -> str:
    """One of the keys of ``_MESSAGES``."""
    intent = session["payment_intent"]
    if session["payment_status"] in ("paid", "no_payment_required"):
        return "paid"
    if session["status"] == "expired":
        return "expired"
    if session["status"] == "complete":
        return "declined" if intent["last_payment_error"] else "pending"
    if intent is None:
        return "unpaid"
    return "requires_action" if intent["status"] == "requires_action" else "declined"


def _page(page_get: Callable[[str], dict[str, Any]], session_id: str) -> HttpResponse:
    session = _known(page_get, session_id)
    currency, outcome = str(session["currency"]).upper(), _outcome(session)
    buttons = dict(_BUTTONS) if session["status"] == "open" else {}
    if outcome == "requires_action":
        buttons = {"card=4000002500003155&authenticated=true": "It is me"}
    if outcome == "pending":
        buttons = {"settle=succeed": "Let the payment arrive", "settle=fail": "Let the payment fail"}
    return HttpResponse(
        _PAGE.format(
            currency=currency,
            amount=minor_to_decimal_string(session["amount_total"], currency),
            message=_MESSAGES[outcome],
            buttons="".join(_button(fields, text) for fields, text in buttons.items()),
            cancel_url=html.escape(session["cancel_url"] or ""),
        )
    )


def _button(fields: str, text: str) -> str:
    """A button that sends its fields; one form each, so that several fields go together."""
    inputs = "".join(
        '<input type="hidden" name="{}" value="{}">'.format(*field.split("=")) for field in fields.split("&")
    )
    return f'<form method="post">{inputs}<button>{text}</button></form>'
