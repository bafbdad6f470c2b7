"""The caller's address book. Other people's addresses do not exist here."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.accounts.api.serializers import AddressSerializer
from apps.accounts.selectors import address_find, address_list
from apps.accounts.services.addresses import address_create, address_delete, address_update
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from meshop_shared.errors import NotFound

_OLDEST_FIRST = Ordering(("id",))


class AddressListApi(APIView):
    """``GET, POST addresses/``."""

    @extend_schema(
        operation_id="auth_addresses_list",
        responses={200: page_of(AddressSerializer)},
        parameters=PAGE_PARAMETERS,
        tags=["auth"],
    )
    def get(self, request: Request) -> Response:
        """My addresses, in the order they were added."""
        return Response(
            paginate(
                request,
                address_list(user_id=caller(request).pk),
                ordering=_OLDEST_FIRST,
                serialize=lambda rows: list(AddressSerializer(rows, many=True).data),
            )
        )

    @extend_schema(request=AddressSerializer, responses={201: AddressSerializer}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Add an address; the first of its type becomes the default. 409 `address_limit`."""
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = address_create(user_id=caller(request).pk, fields=body.validated_data)
        return Response(AddressSerializer(address).data, status=201)


class AddressDetailApi(APIView):
    """``GET, PUT, PATCH, DELETE addresses/{id}/``."""

    @extend_schema(responses={200: AddressSerializer}, tags=["auth"])
    def get(self, request: Request, id: int) -> Response:
        """One of my addresses."""
        address = address_find(user_id=caller(request).pk, address_id=id)
        if address is None:
            raise NotFound()
        return Response(AddressSerializer(address).data)

    @extend_schema(request=AddressSerializer, responses={200: AddressSerializer}, tags=["auth"])
    def put(self, request: Request, id: int) -> Response:
        """Replace an address; without `type` or `is_default` those stay."""
        return self._change(request, id, partial=False)

    @extend_schema(request=AddressSerializer, responses={200: AddressSerializer}, tags=["auth"])
    def patch(self, request: Request, id: int) -> Response:
        """Change what is given."""
        return self._change(request, id, partial=True)

    @extend_schema(responses={204: None}, tags=["auth"])
    def delete(self, request: Request, id: int) -> Response:
        """Remove an address; if it was the default, the newest that is left of its type becomes it."""
        address_delete(user_id=caller(request).pk, address_id=id)
        return Response(status=204)

    @staticmethod
    def _change(request: Request, id: int, *, partial: bool) -> Response:
        body = AddressSerializer(data=request.data, partial=partial)
        body.is_valid(raise_exception=True)
        address = address_update(user_id=caller(request).pk, address_id=id, changes=body.validated_data)
        return Response(AddressSerializer(address).data)
