import pytest

from apps.accounts.errors import AddressLimit, AddressNotFound
from apps.accounts.models import Address
from apps.accounts.selectors import address_snapshot_get
from apps.accounts.services.addresses import MAX_ADDRESSES, address_create, address_delete, address_update
from tests.support.factories import address_make, user_make
from tests.support.threads import run_together

POSTAL = {
    "full_name": "Ada King",
    "line1": "12 St James's Square",
    "line2": "Flat 2",
    "city": "London",
    "state": "",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "phone": "+44 20 7946 0000",
}
REQUIRED = {name: POSTAL[name] for name in ("full_name", "line1", "city", "postal_code", "country")}


def defaults(user):
    return {(a.type, a.pk) for a in Address.objects.filter(user=user, is_default=True)}


def add(api, **fields):
    response = api.post("addresses/", POSTAL | fields)
    assert response.status_code == 201, response.json()
    return response.json()


def test_create_and_read(customer):
    body = add(customer, type="billing")
    assert body == POSTAL | {"id": body["id"], "type": "billing", "is_default": True}
    assert customer.get(f"addresses/{body['id']}/").json() == body


def test_only_the_required_fields(customer):
    body = customer.post("addresses/", REQUIRED | {"country": "gb"}).json()
    empty = {"line2": "", "state": "", "phone": ""}
    assert body == REQUIRED | empty | {"id": body["id"], "type": "shipping", "is_default": True}


def test_list(customer, stranger):
    ids = [add(customer)["id"] for _ in range(3)]
    add(stranger)
    page = customer.get("addresses/?page_size=2").json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (3, ids[:2])
    assert customer.get("addresses/?page_size=101").status_code == 400
    cursor = customer.get("addresses/?cursor=&page_size=2").json()["next"]
    rest = customer.get("addresses/" + cursor.partition("addresses/")[2]).json()
    assert [row["id"] for row in rest["results"]] == ids[2:]


@pytest.mark.parametrize("count", [1, 20])
def test_list_queries(customer, django_assert_num_queries, count):
    for _ in range(count):
        address_make(user=customer.user)
    with django_assert_num_queries(3):  # session, count, rows
        assert len(customer.get("addresses/").json()["results"]) == count


class TestDefault:
    def test_the_first_of_each_type(self, customer):
        shipping = add(customer, is_default=False)
        billing = add(customer, type="billing")
        add(customer)
        assert defaults(customer.user) == {("shipping", shipping["id"]), ("billing", billing["id"])}

    @pytest.mark.parametrize("how", ["post", "put", "patch"])
    def test_it_moves(self, customer, how):
        add(customer)
        if how == "post":
            second = add(customer, is_default=True)
        else:
            second = add(customer)
            body = (POSTAL if how == "put" else {}) | {"is_default": True}
            assert customer.send(how, f"addresses/{second['id']}/", body).json()["is_default"] is True
        assert defaults(customer.user) == {("shipping", second["id"])}

    def test_it_can_be_given_up(self, customer):
        only = add(customer)
        assert customer.send("patch", f"addresses/{only['id']}/", {"is_default": False}).status_code == 200
        assert defaults(customer.user) == set()

    def test_other_changes_leave_it(self, customer):
        first = add(customer)
        assert customer.send("put", f"addresses/{first['id']}/", POSTAL).json()["is_default"] is True

    def test_moving_to_a_type_that_has_one_loses_it(self, customer):
        first = add(customer)
        billing = add(customer, type="billing")
        moved = customer.send("patch", f"addresses/{first['id']}/", {"type": "billing"}).json()
        assert moved["is_default"] is False
        assert defaults(customer.user) == {("billing", billing["id"])}

    def test_moving_to_a_type_that_has_none_wins_it(self, customer):
        add(customer)
        second = add(customer)
        assert customer.send("patch", f"addresses/{second['id']}/", {"type": "billing"}).json()["is_default"]

    def test_deleting_it_passes_it_on(self, customer):
        first, _, third = add(customer), add(customer), add(customer)
        assert customer.send("delete", f"addresses/{first['id']}/").status_code == 204
        assert defaults(customer.user) == {("shipping", third["id"])}


def test_put_replaces_and_patch_does_not(customer):
    body = add(customer)
    patched = customer.send("patch", f"addresses/{body['id']}/", {"city": "Bath"}).json()
    assert patched == body | {"city": "Bath"}
    put = customer.send("put", f"addresses/{body['id']}/", REQUIRED).json()
    assert put == body | {"line2": "", "phone": ""}
    missing = customer.send("put", f"addresses/{body['id']}/", {"city": "Bath"})
    assert set(missing.json()["extra"]["fields"]) == {"full_name", "line1", "postal_code", "country"}


def test_delete(customer):
    body = add(customer)
    assert customer.send("delete", f"addresses/{body['id']}/").status_code == 204
    assert customer.send("delete", f"addresses/{body['id']}/").status_code == 404
    assert not Address.objects.exists()


def test_the_id_cannot_be_chosen(customer, stranger):
    theirs = add(stranger)
    mine = add(customer, id=theirs["id"])
    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_those_of_others_do_not_exist(customer, stranger, method):
    theirs = add(stranger)
    response = customer.send(
        method, f"addresses/{theirs['id']}/", None if method == "get" else POSTAL | {"city": "X"}
    )
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert stranger.get(f"addresses/{theirs['id']}/").json() == theirs


@pytest.mark.parametrize("key", ["0", "-1", str(2**31), str(2**63), "9" * 5_000, "x", "1.5", "%00", "1%00"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_unknown_ids(customer, method, key):
    response = customer.send(method, f"addresses/{key}/", None if method == "get" else POSTAL)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["addresses/", "addresses/1/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_signed_in_only(guest, db, method, path):
    allowed = {"addresses/": ("get", "post"), "addresses/1/": ("get", "put", "patch", "delete")}[path]
    expected = 401 if method in allowed else 405
    assert guest.send(method, path, None if method == "get" else POSTAL).status_code == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "holiday"),
        ("type", None),
        ("type", ["shipping"]),
        ("full_name", ""),
        ("full_name", "   "),
        ("full_name", None),
        ("full_name", 12),
        ("full_name", "x" * 121),
        ("full_name", "<script>alert(1)</script>"),
        ("line1", "two\nlines"),
        ("city", "\x1b[31m"),
        ("line1", {"a": 1}),
        ("line2", None),
        ("line2", "x" * 201),
        ("city", True),
        ("state", 1.5),
        ("postal_code", 12345),
        ("postal_code", "x" * 21),
        ("country", "GBR"),
        ("country", "ZZ"),
        ("country", "UK"),
        ("country", "ß"),
        ("country", 44),
        ("phone", "<script>"),
        ("is_default", "perhaps"),
        ("is_default", 1),
        ("is_default", None),
    ],
)
def test_bad_values_are_named_and_change_nothing(customer, field, value):
    before = add(customer)
    for method, path in (("post", "addresses/"), ("patch", f"addresses/{before['id']}/")):
        response = customer.send(method, path, (POSTAL if method == "post" else {}) | {field: value})
        assert response.status_code == 400
        assert set(response.json()["extra"]["fields"]) == {field}
    assert customer.get("addresses/").json()["results"] == [before]


def test_the_book_is_full_at_fifty(customer):
    for _ in range(MAX_ADDRESSES):
        address_make(user=customer.user)
    response = customer.post("addresses/", POSTAL)
    assert (response.status_code, response.json()["code"]) == (409, "address_limit")
    assert response.json()["extra"] == {"limit": 50}


class TestSnapshot:
    def test_by_id(self, customer):
        body = add(customer)
        assert address_snapshot_get(user_id=customer.user.pk, address_id=body["id"]) == POSTAL

    def test_of_somebody_else(self, customer, stranger):
        theirs = add(stranger)
        with pytest.raises(AddressNotFound):
            address_snapshot_get(user_id=customer.user.pk, address_id=theirs["id"])

    def test_default(self, customer):
        assert address_snapshot_get(user_id=customer.user.pk, address_id=None) is None
        add(customer, type="billing", city="Bath")
        assert address_snapshot_get(user_id=customer.user.pk, address_id=None) is None
        add(customer)
        assert address_snapshot_get(user_id=customer.user.pk, address_id=None) == POSTAL


@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Go red without ``user_lock``."""

    def test_the_limit_holds(self):
        user = user_make()
        for _ in range(MAX_ADDRESSES - 3):
            address_make(user=user)
        results = run_together([lambda: address_create(user_id=user.pk, fields=dict(POSTAL))] * 12)
        assert sum(isinstance(result, AddressLimit) for result in results) == 9
        assert Address.objects.count() == MAX_ADDRESSES

    def test_first_ones_make_one_default(self):
        user = user_make()
        results = run_together([lambda: address_create(user_id=user.pk, fields=dict(POSTAL))] * 12)
        assert [result for result in results if isinstance(result, Exception)] == []
        assert len(defaults(user)) == 1

    def test_the_default_moves_to_one_of_them(self):
        user = user_make()
        rows = [address_make(user=user) for _ in range(12)]
        results = run_together(
            [
                lambda pk=row.pk: address_update(user_id=user.pk, address_id=pk, changes={"is_default": True})
                for row in rows
            ]
        )
        assert [result for result in results if isinstance(result, Exception)] == []
        assert len(defaults(user)) == 1

    def test_deleting_all_but_one_leaves_that_as_default(self):
        user = user_make()
        rows = [address_create(user_id=user.pk, fields=dict(POSTAL)) for _ in range(8)]
        results = run_together(
            [lambda pk=row.pk: address_delete(user_id=user.pk, address_id=pk) for row in rows[:-1]]
        )
        assert [result for result in results if isinstance(result, Exception)] == []
        assert defaults(user) == {("shipping", rows[-1].pk)}
