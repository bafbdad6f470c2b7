"""Fraud endpoints: the analysts' queue. Staff only."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.fraud.api.representations import review_to_dict
from apps.fraud.api.serializers import FraudDecideInput, FraudLabelInput, FraudReviewOutput
from apps.fraud.errors import FraudReviewNotFound
from apps.fraud.models import FraudReview
from apps.fraud.selectors import review_get, review_list
from apps.fraud.services.decisions import review_decide, review_label
from meshop_shared.errors import ValidationFailed

_NEWEST = Ordering(("id",), descending=True)
_ALL = "all"


class FraudReviewsApi(APIView):
    """``GET fraud/reviews/``."""

    permission_classes = [permission_required("fraud.view_fraudreview")]

    @extend_schema(
        operation_id="fraud_reviews_list",
        responses=page_of(FraudReviewOutput),
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=[*FraudReview.Status.values, _ALL], default="open"),
            OpenApiParameter("action", str, enum=list(FraudReview.Action.values)),
        ],
    )
    def get(self, request: Request) -> Response:
        """List scored orders, newest first; those that wait for a person, unless told otherwise."""
        status, action = request.query_params.get("status", "open"), request.query_params.get("action")
        if status not in (*FraudReview.Status.values, _ALL):
            raise ValidationFailed.for_field(
                "status", f"Use one of {', '.join(FraudReview.Status.values)}, {_ALL}."
            )
        if action is not None and action not in FraudReview.Action.values:
            raise ValidationFailed.for_field("action", f"Use one of {', '.join(FraudReview.Action.values)}.")
        rows = review_list(status=None if status == _ALL else status, action=action)
        return Response(
            paginate(
                request, rows, ordering=_NEWEST, serialize=lambda page: [review_to_dict(row) for row in page]
            )
        )


class FraudReviewApi(APIView):
    """``GET fraud/reviews/{id}/``."""

    permission_classes = [permission_required("fraud.view_fraudreview")]

    @extend_schema(operation_id="fraud_review", responses=FraudReviewOutput)
    def get(self, request: Request, review_id: int) -> Response:
        """Show one scored order and why."""
        return Response(review_to_dict(review_get(review_id=_known(review_id))))


class FraudReviewDecideApi(APIView):
    """``POST fraud/reviews/{id}/decide/``."""

    permission_classes = [permission_required("fraud.change_fraudreview")]

    @extend_schema(operation_id="fraud_review_decide", request=FraudDecideInput, responses=FraudReviewOutput)
    def post(self, request: Request, review_id: int) -> Response:
        """Let an order go, or cancel it and give its money back."""
        serializer = FraudDecideInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        review_decide(
            review_id=_known(review_id), approve=data["decision"] == "approve", note=data["note"],
            actor=caller(request),
        )  # fmt: skip
        return Response(review_to_dict(review_get(review_id=review_id)))


class FraudReviewLabelApi(APIView):
    """``POST fraud/reviews/{id}/label/``."""

    permission_classes = [permission_required("fraud.change_fraudreview")]

    @extend_schema(operation_id="fraud_review_label", request=FraudLabelInput, responses=FraudReviewOutput)
    def post(self, request: Request, review_id: int) -> Response:
        """Say what an order turned out to be, as when a chargeback arrives."""
        serializer = FraudLabelInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        review_label(review_id=_known(review_id), actor=caller(request), **serializer.validated_data)
        return Response(review_to_dict(review_get(review_id=review_id)))


def _known(review_id: int) -> int:
    if review_id > MAX_ID:
        raise FraudReviewNotFound()
    return review_id
