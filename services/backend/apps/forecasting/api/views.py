"""Endpoints of forecasts and reorder proposals: reading only, for staff."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.pagination import Ordering, PageNotFound, page_asked, page_body, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.schema import PAGE_PARAMETERS
from apps.forecasting.answers import FALLBACK, Answer, Item, forecasts_for
from apps.forecasting.api.inputs import ForecastInput, ReorderInput
from apps.forecasting.api.outputs import ForecastsPage, ReorderProposalsPage
from apps.forecasting.models import DemandForecast
from apps.forecasting.proposals import Asked, Proposed, reorder_proposals
from apps.forecasting.selectors import articles_sold, categories_sold
from meshop_shared.errors import ValidationFailed

_BY_NUMBER = [parameter for parameter in PAGE_PARAMETERS if parameter.name != "cursor"]
_PROPOSED = "Proposed from the last forecasts that were kept, and from past sales where there are none."


class ForecastApi(APIView):
    """``GET forecast/``."""

    permission_classes = [permission_required("forecasting.view_demandforecast")]

    @extend_schema(
        operation_id="analytics_forecast",
        parameters=[*PAGE_PARAMETERS, ForecastInput],
        responses=ForecastsPage,
    )
    def get(self, request: Request) -> Response:
        """Forecast the weeks to come of articles, or of categories."""
        query = _asked(request, ForecastInput)
        kind, weeks = query["kind"], query["weeks"]
        answers: list[Answer] = []

        def serialize(rows: list[Any]) -> list[dict[str, Any]]:
            by_key = {row.slug if kind == DemandForecast.Kind.CATEGORY else row.sku: row for row in rows}
            answer = forecasts_for(kind=kind, keys=list(by_key), weeks=weeks)
            answers.append(answer)
            return [_forecast_to_dict(kind, row, answer.items[key]) for key, row in by_key.items()]

        rows = (articles_sold if kind == DemandForecast.Kind.ARTICLE else categories_sold)(
            search=query["search"]
        )
        body = paginate(request, rows, ordering=Ordering(("id",)), serialize=serialize)
        (answer,) = answers
        return Response({"source": answer.source, "model": answer.model, "reasons": answer.reasons, **body})


class ReorderProposalsApi(APIView):
    """``GET reorder-proposals/``."""

    permission_classes = [permission_required("forecasting.view_demandforecast")]

    @extend_schema(
        operation_id="analytics_reorder_proposals",
        parameters=[*_BY_NUMBER, ReorderInput],
        responses=ReorderProposalsPage,
    )
    def get(self, request: Request) -> Response:
        """List what to order now, the most urgent first."""
        query, page = _asked(request, ReorderInput), page_asked(request)
        if page.cursor is not None:
            raise ValidationFailed.for_field("cursor", "This list is paged by number.")
        found = reorder_proposals(
            Asked(
                search=query["search"],
                lead_time_days=query.get("lead_time_days"),
                service_level=query.get("service_level"),
                minimum_quantity=query.get("moq"),
            )
        )
        start = (page.number - 1) * page.size
        if start >= len(found) and page.number > 1:
            raise PageNotFound()
        model = next((one.forecast.model for one in found if one.forecast.model), None)
        body = page_body(
            request,
            count=len(found),
            following={"page": str(page.number + 1)} if start + page.size < len(found) else None,
            previous={"page": str(page.number - 1)} if page.number > 1 else None,
            results=[_proposal_to_dict(one) for one in found[start : start + page.size]],
        )
        return Response({"source": FALLBACK, "model": model, "reasons": [_PROPOSED], **body})


def _asked(request: Request, shape: type[serializers.Serializer]) -> dict[str, Any]:
    given = shape(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _forecast_to_dict(kind: str, row: Any, item: Item) -> dict[str, Any]:
    """Shape of :class:`~apps.forecasting.api.outputs.ForecastOutput`."""
    product = {"id": row.pk, "sku": item.key, "name": row.name}
    category = {"id": row.pk, "slug": item.key, "name": row.name}
    of_article = kind == DemandForecast.Kind.ARTICLE
    return {
        "product": product if of_article else None,
        "category": None if of_article else category,
        "source": item.source,
        "model": item.model,
        "method": item.method,
        "weeks": item.weeks,
        "reasons": item.reasons,
    }


def _proposal_to_dict(one: Proposed) -> dict[str, Any]:
    """Shape of :class:`~apps.forecasting.api.outputs.ReorderProposalOutput`."""
    article, terms, proposal = one.article, one.terms, one.proposal
    return {
        "product": {"id": article.product_id, "sku": article.sku, "name": article.name},
        "available": article.available,
        "quantity": proposal.quantity,
        "reorder_point": proposal.reorder_point,
        "order_up_to": proposal.order_up_to,
        "safety_stock": proposal.safety_stock,
        "expected": proposal.expected,
        "days_left": proposal.days_left,
        "lead_time_days": terms.lead_time_days,
        "service_level": terms.service_level,
        "moq": terms.minimum_quantity,
        "pack_size": terms.pack_size,
        "source": one.forecast.source,
        "model": one.forecast.model,
        "method": one.forecast.method,
        "reasons": [*proposal.reasons, *one.forecast.reasons],
    }
