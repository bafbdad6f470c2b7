"""Pricing endpoints. Staff only, but for what a product costs."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_by_method, permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.pricing.api import serializers as shapes
from apps.pricing.api.representations import (
    asked_to_dict,
    freeze_to_dict,
    limit_to_dict,
    proposal_to_dict,
)
from apps.pricing.errors import PriceProposalNotFound
from apps.pricing.history import lowest_price
from apps.pricing.models import PriceProposal
from apps.pricing.selectors import freeze_get, limit_get, price_entries, proposal_get, proposal_list
from apps.pricing.services.decisions import proposal_approve, proposal_reject
from apps.pricing.services.limits import freeze_set, limit_set
from apps.pricing.services.proposals import Asked, proposal_make, proposals_request
from apps.products.models import Product
from apps.products.selectors import product_find
from meshop_shared.errors import NotFound, ValidationFailed
from meshop_shared.money import decimal_to_minor, minor_to_decimal_string

_NEWEST = Ordering(("id",), descending=True)
_HISTORY = timedelta(days=90)


class ProposalsApi(APIView):
    """``GET, POST pricing/proposals/``."""

    permission_classes = [
        permission_by_method(GET="pricing.view_priceproposal", POST="pricing.add_priceproposal")
    ]

    @extend_schema(
        operation_id="pricing_proposals_list",
        responses=page_of(shapes.ProposalOutput),
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=list(PriceProposal.Status.values)),
        ],
    )
    def get(self, request: Request) -> Response:
        """List proposed prices, newest first."""
        status = request.query_params.get("status")
        if status is not None and status not in PriceProposal.Status.values:
            raise ValidationFailed.for_field(
                "status", f"Use one of {', '.join(PriceProposal.Status.values)}."
            )
        return Response(
            paginate(
                request, proposal_list(status=status), ordering=_NEWEST,
                serialize=lambda page: [proposal_to_dict(row) for row in page],
            )
        )  # fmt: skip

    @extend_schema(
        operation_id="pricing_propose", request=shapes.ProposalsInput, responses={201: shapes.ProposedOutput}
    )
    def post(self, request: Request) -> Response:
        """Look for better prices, or propose one of one's own. No price changes before somebody approves."""
        serializer = shapes.ProposalsInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        if "price" in data:
            product = _product(data["product_id"])
            made = proposal_make(
                product_id=product.pk, price_minor=_minor("price", data["price"], product.currency),
                note=data["note"], actor=caller(request),
            )  # fmt: skip
            asked = Asked(source="staff", reasons=["Proposed by staff."], proposals=[made])
        else:
            asked = proposals_request(product_ids=data.get("product_ids"), actor=caller(request))
        return Response(asked_to_dict(asked), status=201)


class ProposalApi(APIView):
    """``GET pricing/proposals/{id}/``."""

    permission_classes = [permission_required("pricing.view_priceproposal")]

    @extend_schema(operation_id="pricing_proposal", responses=shapes.ProposalOutput)
    def get(self, request: Request, proposal_id: int) -> Response:
        """Show one proposed price and why."""
        return _proposal(proposal_id)


class ProposalApproveApi(APIView):
    """``POST pricing/proposals/{id}/approve/``."""

    permission_classes = [permission_required("pricing.change_priceproposal")]

    @extend_schema(
        operation_id="pricing_approve", request=shapes.ApproveInput, responses=shapes.ProposalOutput
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Let a price become the product's, at once or at `apply_at`. Carts keep a lower one for a while."""
        serializer = shapes.ApproveInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        proposal_approve(
            proposal_id=_known(proposal_id),
            apply_at=serializer.validated_data["apply_at"],
            actor=caller(request),
        )
        return _proposal(proposal_id)


class ProposalRejectApi(APIView):
    """``POST pricing/proposals/{id}/reject/``."""

    permission_classes = [permission_required("pricing.change_priceproposal")]

    @extend_schema(operation_id="pricing_reject", request=shapes.RejectInput, responses=shapes.ProposalOutput)
    def post(self, request: Request, proposal_id: int) -> Response:
        """Leave the price as it is."""
        serializer = shapes.RejectInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        proposal_reject(
            proposal_id=_known(proposal_id), note=serializer.validated_data["note"], actor=caller(request)
        )
        return _proposal(proposal_id)


class LimitApi(APIView):
    """``GET, PUT pricing/limits/{product_id}/``."""

    permission_classes = [
        permission_by_method(GET="pricing.view_pricelimit", PUT="pricing.change_pricelimit")
    ]

    @extend_schema(operation_id="pricing_limit", responses=shapes.LimitOutput)
    def get(self, request: Request, product_id: int) -> Response:
        """Show between which prices a program may propose."""
        row = limit_get(product_id=_product(product_id).pk)
        if row is None:
            raise NotFound()
        return Response(limit_to_dict(row))

    @extend_schema(operation_id="pricing_limit_set", request=shapes.LimitInput, responses=shapes.LimitOutput)
    def put(self, request: Request, product_id: int) -> Response:
        """Set what a product costs the shop, and its lowest and highest price."""
        serializer = shapes.LimitInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data, product = serializer.validated_data, _product(product_id)

        def amount(name: str, least: int) -> int | None:
            return None if data[name] is None else _minor(name, data[name], product.currency, least=least)

        limit_set(
            product_id=product.pk, cost_minor=amount("cost", 0) or 0, floor_minor=amount("floor", 1),
            cap_minor=amount("cap", 1), frozen=data["frozen"], actor=caller(request),
        )  # fmt: skip
        row = limit_get(product_id=product.pk)
        assert row is not None
        return Response(limit_to_dict(row))


class FreezeApi(APIView):
    """``GET, PUT pricing/freeze/``."""

    permission_classes = [
        permission_by_method(GET="pricing.view_pricefreeze", PUT="pricing.change_pricefreeze")
    ]

    @extend_schema(operation_id="pricing_freeze", responses=shapes.FreezeOutput)
    def get(self, request: Request) -> Response:
        """Tell whether prices are frozen."""
        return Response(freeze_to_dict(freeze_get()))

    @extend_schema(
        operation_id="pricing_freeze_set", request=shapes.FreezeInput, responses=shapes.FreezeOutput
    )
    def put(self, request: Request) -> Response:
        """Freeze all prices against programs, or let them go."""
        serializer = shapes.FreezeInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        freeze_set(actor=caller(request), **serializer.validated_data)
        return Response(freeze_to_dict(freeze_get()))


class ProductPriceApi(APIView):
    """``GET pricing/products/{product_id}/``."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="pricing_product", responses=shapes.ProductPriceOutput)
    def get(self, request: Request, product_id: int) -> Response:
        """Tell what a product costs, its lowest price of 30 days, and what it cost before."""
        product = _product(product_id)
        if not product.is_active:
            raise NotFound()
        since = timezone.now() - _HISTORY
        entries = price_entries(product_ids=[product.pk], since=since)[product.pk]

        def money(minor: int) -> str:
            return minor_to_decimal_string(minor, product.currency)

        body: dict[str, Any] = {
            "product_id": product.pk,
            "currency": product.currency,
            "price": money(product.price_minor),
            "lowest_price_30d": money(lowest_price(entries, current=product.price_minor)),
            "history": [{"price": money(price), "since": at} for at, price in entries],
        }
        return Response(body)


def _product(product_id: int) -> Product:
    found = product_find(product_id=product_id) if product_id <= MAX_ID else None
    if found is None:
        raise NotFound()
    return found


def _minor(name: str, text: str, currency: str, *, least: int = 1) -> int:
    try:
        minor = decimal_to_minor(text, currency)
    except ValueError as error:
        raise ValidationFailed.for_field(name, f"Not an amount in {currency}.") from error
    if not least <= minor <= 10**11:
        raise ValidationFailed.for_field(name, "This amount is out of range.")
    return minor


def _known(proposal_id: int) -> int:
    if proposal_id > MAX_ID:
        raise PriceProposalNotFound()
    return proposal_id


def _proposal(proposal_id: int) -> Response:
    return Response(proposal_to_dict(proposal_get(proposal_id=_known(proposal_id))))
