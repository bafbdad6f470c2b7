"""Review endpoints."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import SignedIn, permission_by_method
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.products.api.keys import parse_id
from apps.products.api.outputs import ReviewOutput
from apps.products.api.representations import review_to_dict
from apps.products.api.serializers import ReviewChangeInput, ReviewCreateInput, ReviewInput
from apps.products.api.views.products import shown_product
from apps.products.models import ProductReview
from apps.products.purchases import purchase_verified
from apps.products.selectors import review_get, review_list
from apps.products.services.reviews import (
    review_create,
    review_delete,
    review_moderate,
    review_update,
    review_vote_helpful,
)
from meshop_shared.errors import NotFound, PermissionDenied, ValidationFailed

MODERATE = "products.moderate_review"
_ORDERINGS = {
    "newest": Ordering(("created_at", "id"), descending=True),
    "helpful": Ordering(("helpful_count", "id"), descending=True),
    "rating": Ordering(("rating", "id"), descending=True),
}


class ProductReviewsApi(APIView):
    """``GET products/{id or slug}/reviews/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(
        operation_id="products_reviews_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("ordering", str, enum=list(_ORDERINGS))],
        responses=page_of(ReviewOutput),
    )
    def get(self, request: Request, key: str) -> Response:
        """List the approved reviews of a product, and the caller's own whatever its state."""
        ordering = _ORDERINGS.get(request.query_params.get("ordering") or "newest")
        if ordering is None:
            raise ValidationFailed.for_field("ordering", f"Use one of {', '.join(_ORDERINGS)}.")
        reviews = review_list(product_id=shown_product(key)["id"], user_id=request.user.pk)
        body = paginate(
            request, reviews, ordering=ordering, serialize=lambda rows: [review_to_dict(row) for row in rows]
        )
        return Response(body)


class ReviewCreateApi(APIView):
    """``POST products/reviews/``."""

    permission_classes = [SignedIn]

    @extend_schema(request=ReviewCreateInput, responses={201: ReviewOutput})
    def post(self, request: Request) -> Response:
        """Review a product, once."""
        serializer = ReviewCreateInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        verified = purchase_verified(user_id=caller(request).pk, product_id=data["product_id"])
        review = review_create(user=caller(request), verified_purchase=verified, **data)
        return Response(review_to_dict(review), status=201)


class ReviewDetailApi(APIView):
    """``GET, PUT, PATCH, DELETE products/reviews/{id}/``."""

    permission_classes = [SignedIn]

    def get_permissions(self) -> list[Any]:
        """Reading is open; changing is for those who are signed in, and the methods ask whether it is theirs."""
        return [] if self.request.method in ("GET", "HEAD") else [SignedIn()]

    @extend_schema(responses=ReviewOutput)
    def get(self, request: Request, id: str) -> Response:
        """Show a review."""
        return Response(review_to_dict(_visible(request, id)))

    @extend_schema(request=ReviewInput, responses=ReviewOutput)
    def put(self, request: Request, id: str) -> Response:
        """Write one's own review anew; it goes through moderation again."""
        review = _own(request, id)
        serializer = ReviewInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        changes = {"title": "", "body": ""} | serializer.validated_data
        return Response(review_to_dict(review_update(review_id=review.pk, **changes)))

    @extend_schema(request=ReviewChangeInput, responses=ReviewOutput)
    def patch(self, request: Request, id: str) -> Response:
        """Change one's own review, or as a moderator the ``status`` of any."""
        review = _visible(request, id)
        serializer = ReviewChangeInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        words = dict(serializer.validated_data)
        status = words.pop("status", None)
        own, moderator = review.user_id == request.user.pk, request.user.has_perm(MODERATE)
        if not (own or moderator):
            raise NotFound()
        if (words and not own) or (status is not None and not moderator):
            raise PermissionDenied()
        if words:
            review = review_update(review_id=review.pk, **words)
        if status is not None:
            review = review_moderate(review_id=review.pk, status=status, actor=caller(request))
        return Response(review_to_dict(review))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Remove one's own review; staff who may delete reviews remove any."""
        may_delete_any = request.user.has_perm("products.delete_productreview")
        review = _visible(request, id) if may_delete_any else _own(request, id)
        own = review.user_id == request.user.pk
        review_delete(review_id=review.pk, actor=None if own else caller(request))
        return Response(status=204)


class ReviewHelpfulApi(APIView):
    """``POST products/reviews/{id}/helpful/``."""

    permission_classes = [SignedIn]

    @extend_schema(request=None, responses=ReviewOutput)
    def post(self, request: Request, id: str) -> Response:
        """Mark somebody else's review as helpful, once."""
        review = review_vote_helpful(review_id=_visible(request, id).pk, user=caller(request))
        return Response(review_to_dict(review))


def _visible(request: Request, id: str) -> ProductReview:
    moderator = request.user.has_perm(MODERATE)
    return review_get(review_id=parse_id(id), user_id=request.user.pk, moderator=moderator)


def _own(request: Request, id: str) -> ProductReview:
    review = _visible(request, id)
    if review.user_id != request.user.pk:
        raise NotFound()
    return review
