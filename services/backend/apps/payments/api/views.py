"""Payment endpoints."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import SignedIn, permission_check, permission_required
from apps.core.api.renderers import json_bytes
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.core.idempotency import Answer, IdempotencyClaim, run_idempotent_steps
from apps.core.throttling import client_ip
from apps.payments.api.representations import (
    method_to_dict,
    payment_to_dict,
    refund_to_dict,
    session_to_dict,
    transaction_to_dict,
)
from apps.payments.api.serializers import (
    CheckoutCreateInput,
    CheckoutSessionOutput,
    PaymentMethodOutput,
    PaymentOutput,
    RefundCreateInput,
    RefundOutput,
    TransactionOutput,
    WebhookOutput,
)
from apps.payments.errors import PaymentMethodNotFound, PaymentNotFound
from apps.payments.models import Payment, Refund
from apps.payments.selectors import payment_get, payment_list, payment_method_list, transaction_list
from apps.payments.services.checkout import checkout_session_create
from apps.payments.services.methods import payment_method_remove
from apps.payments.services.refunds import payment_refund
from apps.payments.services.webhooks import webhook_receive
from meshop_shared.errors import ValidationFailed

_NEWEST = Ordering(("id",), descending=True)
_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)
_SCOPE = OpenApiParameter("scope", str, enum=["mine", "all"], description="`all` is for staff.")
_ORDER = OpenApiParameter("order_id", {"type": "integer", "minimum": 1}, description="Of one order.")


class CheckoutSessionCreateApi(APIView):
    """``POST create-checkout-session/``."""

    permission_classes = [SignedIn]

    @extend_schema(request=CheckoutCreateInput, responses={201: CheckoutSessionOutput}, parameters=[_KEY])
    def post(self, request: Request) -> HttpResponse:
        """Open a page on which the caller can pay an order that waits for payment.

        An order has one open page: asking again returns it.
        """
        raw_body, user = request._request.body, caller(request)
        serializer = CheckoutCreateInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data

        def operation(claim: IdempotencyClaim) -> Answer:
            answers: list[Answer] = []

            def record(payment: Payment) -> None:
                answers.append(Answer(201, json_bytes(session_to_dict(payment))))
                claim.store(answers[-1])

            checkout_session_create(
                user=user,
                order_id=data["order_id"],
                success_url=data["success_url"],
                cancel_url=data["cancel_url"],
                save_method=data["save_payment_method"],
                record=record,
                ip=client_ip(request),
            )
            return answers[-1]

        return _idempotent(request, f"checkout:{user.pk}", raw_body, operation)


class WebhookApi(APIView):
    """``POST webhook/``. Whoever has the signing secret may call it."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(
        request={"application/json": {"type": "object", "description": "An event, as Stripe sends it."}},
        responses=WebhookOutput,
        parameters=[
            OpenApiParameter("Stripe-Signature", str, OpenApiParameter.HEADER, description="`t=…,v1=…`")
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Take an event of the payment provider. It is stored before this answers; repetitions are welcome."""
        webhook_receive(payload=request._request.body, signature=request.headers.get("Stripe-Signature", ""))
        return Response({"received": True})


class PaymentsApi(APIView):
    """``GET payments/``."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="payments_list",
        responses=page_of(PaymentOutput),
        parameters=[*PAGE_PARAMETERS, _ORDER, _SCOPE],
    )
    def get(self, request: Request) -> Response:
        """List the caller's payments, newest first; staff may list everybody's."""
        payments = payment_list(user_id=_whose(request, "payments.view_payment"), order_id=_order_id(request))
        return Response(
            paginate(
                request,
                payments,
                ordering=_NEWEST,
                serialize=lambda rows: [payment_to_dict(row) for row in rows],
            )
        )


class PaymentApi(APIView):
    """``GET {id}/``."""

    permission_classes = [SignedIn]

    @extend_schema(responses=PaymentOutput)
    def get(self, request: Request, payment_id: int) -> Response:
        """Show a payment: the caller's, or anybody's for staff."""
        return Response(payment_to_dict(_visible(request, payment_id)))


class PaymentRefundApi(APIView):
    """``POST {id}/refund/``."""

    permission_classes = [permission_required("payments.add_refund")]

    @extend_schema(request=RefundCreateInput, responses={201: RefundOutput}, parameters=[_KEY])
    def post(self, request: Request, payment_id: int) -> HttpResponse:
        """Return an amount, the price of lines with their share of shipping and tax, or all that is left."""
        raw_body, user = request._request.body, caller(request)
        if payment_id > MAX_ID:
            raise PaymentNotFound()
        serializer = RefundCreateInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data, key = serializer.validated_data, request.headers.get("Idempotency-Key")

        def operation(claim: IdempotencyClaim) -> Answer:
            answers: list[Answer] = []

            def record(refund: Refund) -> None:
                answers.append(Answer(201, json_bytes(refund_to_dict(refund, refund.payment))))
                claim.store(answers[-1])

            payment_refund(
                payment_id=payment_id,
                amount=data.get("amount"),
                lines=data.get("lines"),
                reason=data["reason"],
                actor=user,
                idempotency_key=key,
                record=record,
            )
            return answers[-1]

        return _idempotent(request, f"refund:{user.pk}:{payment_id}", raw_body, operation)


class TransactionsApi(APIView):
    """``GET transactions/``."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="payments_transactions_list",
        responses=page_of(TransactionOutput),
        parameters=[*PAGE_PARAMETERS, _SCOPE],
    )
    def get(self, request: Request) -> Response:
        """List the ledger entries of the caller's payments, newest first; staff may list all."""
        entries = transaction_list(user_id=_whose(request, "payments.view_transaction"))
        return Response(
            paginate(
                request,
                entries,
                ordering=_NEWEST,
                serialize=lambda rows: [transaction_to_dict(row) for row in rows],
            )
        )


class PaymentMethodsApi(APIView):
    """``GET methods/``."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="payments_methods_list",
        responses=page_of(PaymentMethodOutput),
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        """List the cards that the caller asked to keep, newest first."""
        return Response(
            paginate(
                request,
                payment_method_list(user_id=caller(request).pk),
                ordering=_NEWEST,
                serialize=lambda rows: [method_to_dict(row) for row in rows],
            )
        )


class PaymentMethodApi(APIView):
    """``DELETE methods/{id}/``."""

    permission_classes = [SignedIn]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, method_id: int) -> Response:
        """Forget a stored card."""
        if method_id > MAX_ID:
            raise PaymentMethodNotFound()
        payment_method_remove(method_id=method_id, user_id=caller(request).pk)
        return Response(status=204)


def _visible(request: Request, payment_id: int) -> Payment:
    if payment_id > MAX_ID:
        raise PaymentNotFound()
    everybody = request.user.has_perm("payments.view_payment")
    return payment_get(payment_id=payment_id, user_id=None if everybody else caller(request).pk)


def _whose(request: Request, codename: str) -> int | None:
    """Id of the user whose rows are asked for, ``None`` for everybody's."""
    scope = request.query_params.get("scope", "mine")
    if scope not in ("mine", "all"):
        raise ValidationFailed.for_field("scope", "Use mine or all.")
    if scope == "all":
        permission_check(request, codename)
        return None
    return caller(request).pk


def _order_id(request: Request) -> int | None:
    text = request.query_params.get("order_id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:20]) <= MAX_ID:
        raise ValidationFailed.for_field("order_id", "Use the number of an order.")
    return int(text)


def _idempotent(request: Request, scope: str, raw_body: bytes, operation: Any) -> HttpResponse:
    """Run the steps once per key; the bytes of the first answer are what a repetition gets."""
    config = settings.MESHOP
    answer = run_idempotent_steps(
        scope=f"payments.{scope}",
        key=request.headers.get("Idempotency-Key"),
        request_body=raw_body,
        lease_s=(1 + config.stripe_retries) * (config.stripe_timeout_s + 5) + 15,
        operation=operation,
    )
    response = HttpResponse(answer.body, status=answer.status_code, content_type="application/json")
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
