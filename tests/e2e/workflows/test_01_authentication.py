"""Accounts: opening one, signing in and out, sessions that cannot be stolen, the profile and the addresses."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.e2e.support.answers import at_once, not_found, ok, refused, refused_field, statuses
from tests.e2e.support.mail import reset_proof
from tests.e2e.support.things import ADDRESS, PASSWORD, unique

NEW_PASSWORD = "silver-Teapot-77"
TOO_BIG = 10**30


def address_of(person, address):
    return ok(person.get(f"auth/addresses/{address['id']}/"))


class TestRegistration:
    def test_a_new_account_is_signed_in_at_once(self, guest):
        email = f"{unique('ada')}@example.com"
        answer = guest.register(email=email, first_name="Ada", last_name="Lovelace")

        assert set(answer) >= {"user", "access", "refresh"}
        assert set(answer["user"]) >= {"id", "email", "first_name", "last_name"}
        assert (answer["user"]["email"], answer["user"]["first_name"]) == (email, "Ada")
        assert guest.profile()["email"] == email

    def test_the_password_is_in_no_answer(self, guest):
        texts = [
            json.dumps(guest.register()),
            json.dumps(guest.profile()),
            json.dumps(guest.login(guest.email)),
        ]
        assert not any(PASSWORD in text or "argon2" in text for text in texts)

    def test_names_are_optional(self, guest):
        user = guest.register()["user"]
        assert (user["first_name"], user["last_name"]) == ("", "")

    def test_addresses_differ_by_more_than_case(self, guest, new_guest):
        name = unique("Grace.Hopper")
        assert guest.register(email=f"{name}@Example.COM")["user"]["email"] == f"{name}@example.com".lower()
        other = new_guest()
        body = {"email": f"{name.upper()}@example.com", "password": NEW_PASSWORD}
        refused(other.post("auth/register/", body), 409, "email_taken")
        other.login(f"{name.upper()}@EXAMPLE.com")
        refused(other.post("auth/login/", body), 401, "invalid_credentials")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", None),
            ("email", "nobody"),
            ("email", "two@at@example.com"),
            ("email", ["a@example.com"]),
            ("email", f"{'a' * 250}@example.com"),
            ("password", None),
            ("password", ""),
            ("password", "short"),
            ("password", "password123"),
            ("password", "4729104723"),
            ("password", 12345678),
            ("password", {"$ne": ""}),
            ("first_name", "x" * 81),
            ("first_name", ["Ada"]),
            ("last_name", {"first": "Ada"}),
        ],
    )
    def test_a_bad_field_is_named_and_no_account_is_made(self, guest, field, value):
        body = {"email": f"{unique('bad')}@example.com", "password": PASSWORD}
        refused_field(guest.post("auth/register/", {**body, field: value}), field)
        guest.register(**body)  # the address is still free

    def test_missing_fields_are_all_named(self, guest):
        fields = refused(guest.post("auth/register/", {}), 400, "validation_error")["fields"]
        assert set(fields) == {"email", "password"}

    @pytest.mark.parametrize(
        "body", [b"{", b"[]", b'"text"', b"null", b'{"email": NaN}', b"\xff\xfe", b"[" * 5000]
    )
    def test_malformed_bodies_are_refused(self, guest, body):
        refused(guest.post_raw("auth/register/", body), 400, "malformed_body")

    def test_text_with_nul_is_refused(self, guest):
        body = {"email": f"{unique('nul')}@example.com", "password": PASSWORD, "first_name": "A\x00da"}
        refused(guest.post("auth/register/", body), 400, "malformed_body")

    def test_other_content_types_are_refused(self, guest):
        form = b"email=a@example.com&password=copper-Kettle-42"
        answer = guest.post_raw("auth/register/", form, "application/x-www-form-urlencoded")
        refused(answer, 415, "unsupported_media_type")

    def test_one_address_registered_by_ten_at_once_makes_one_account(self, new_guest):
        body = {"email": f"{unique('race')}@example.com", "password": PASSWORD}
        people = [new_guest() for _ in range(10)]
        answers = at_once([lambda p=person: p.post("auth/register/", body) for person in people])

        assert statuses(answers) == {201: 1, 409: 9}
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"email_taken"}

    def test_nobody_registers_as_staff(self, guest, staff):
        guest.register(is_staff=True, is_superuser=True, groups=["administrator"], id=1)
        refused(
            guest.post("products/", {"name": "Mine", "price": "1.00", "sku": unique("X")}),
            403,
            "permission_denied",
        )


class TestLogin:
    def test_login_answers_like_registration(self, customer, new_guest):
        answer = new_guest().login(customer.email)
        assert set(answer) >= {"user", "access", "refresh"}
        assert answer["user"]["id"] == customer.id

    def test_a_wrong_password_and_an_unknown_address_look_the_same(self, customer, guest):
        known = guest.post("auth/login/", {"email": customer.email, "password": NEW_PASSWORD})
        unknown = guest.post(
            "auth/login/", {"email": f"{unique('no')}@example.com", "password": NEW_PASSWORD}
        )

        refused(known, 401, "invalid_credentials")
        refused(unknown, 401, "invalid_credentials")
        assert known.json()["message"] == unknown.json()["message"]

    @pytest.mark.parametrize("value", [None, 7, True, [], {}, ""])
    @pytest.mark.parametrize("field", ["email", "password"])
    def test_wrong_types_are_refused(self, customer, guest, field, value):
        body = {"email": customer.email, "password": PASSWORD}
        refused_field(guest.post("auth/login/", {**body, field: value}), field)


class TestAccessTokens:
    def test_what_is_private_needs_one(self, guest):
        for path in ("auth/profile/", "auth/addresses/", "orders/", "products/wishlist/"):
            answer = guest.get(path)
            refused(answer, 401, "not_authenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_anybody_can_verify_one_with_the_published_keys(self, customer):
        answer = ok(customer.get("auth/.well-known/jwks.json"))
        kid = jwt.get_unverified_header(customer.access)["kid"]
        key = next(key for key in answer["keys"] if key["kid"] == kid)
        assert (key["kty"], key["alg"]) == ("RSA", "RS256")
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key)

        claims = jwt.decode(
            customer.access, jwt.PyJWK(key).key, algorithms=["RS256"], options={"verify_aud": False}
        )
        assert claims["sub"] == str(customer.id)
        assert 0 < claims["exp"] - time.time() <= 900 + 5
        assert customer.email not in json.dumps(claims)

    @pytest.mark.parametrize(
        "forgery", ["garbage", "tampered", "foreign key", "no algorithm", "expired", "refresh"]
    )
    def test_forged_and_stale_ones_are_refused(self, customer, forgery):
        customer.access = forge(customer, forgery)
        refused(customer.get("auth/profile/"), 401, "token_invalid")
        refused(customer.get("products/"), 401, "token_invalid")  # not taken for a guest either


def forge(person, kind):
    """An access token that the shop did not issue."""
    header, _, signature = person.access.split(".")
    claims = jwt.decode(person.access, options={"verify_signature": False})
    kid = {"kid": jwt.get_unverified_header(person.access)["kid"]}
    foreign_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    match kind:
        case "garbage":
            return "a.b.c"
        case "tampered":
            other = jwt.encode(claims | {"sub": "1"}, foreign_key, "RS256", headers=kid).split(".")[1]
            return f"{header}.{other}.{signature}"
        case "foreign key":
            return jwt.encode(claims, foreign_key, "RS256", headers=kid)
        case "no algorithm":
            return jwt.encode(claims, None, "none", headers=kid)
        case "expired":
            return jwt.encode(claims | {"exp": int(time.time()) - 60}, foreign_key, "RS256", headers=kid)
    return person.refresh


class TestRefresh:
    def test_it_trades_the_pair_for_a_new_one(self, customer):
        before = (customer.access, customer.refresh)
        customer.refresh_tokens()
        assert customer.access != before[0]
        assert customer.refresh != before[1]
        assert customer.profile()["id"] == customer.id

    def test_replaying_an_old_one_ends_the_whole_session(self, customer):
        stolen = customer.refresh
        customer.refresh_tokens()
        refused(customer.post("auth/refresh/", {"refresh": stolen}), 401, "refresh_invalid")
        refused(customer.post("auth/refresh/", {"refresh": customer.refresh}), 401, "refresh_invalid")
        refused(customer.get("auth/profile/"), 401, "session_ended")

    def test_the_other_sessions_live_on(self, customer, guest):
        guest.login(customer.email)
        stolen = customer.refresh
        customer.refresh_tokens()
        refused(customer.post("auth/refresh/", {"refresh": stolen}), 401, "refresh_invalid")
        guest.refresh_tokens()
        assert guest.profile()["id"] == customer.id

    def test_fifty_at_once_have_one_winner(self, customer):
        body = {"refresh": customer.refresh}
        answers = at_once([lambda: customer.post("auth/refresh/", body)] * 50)

        assert statuses(answers) == {200: 1, 401: 49}
        assert {a.json()["code"] for a in answers if a.status_code == 401} == {"refresh_invalid"}

    @pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000, None, 7, [], {}])
    def test_nonsense_is_refused(self, guest, token):
        answer = guest.post("auth/refresh/", {"refresh": token})
        assert answer.status_code in (400, 401), answer.text
        refused(
            answer, answer.status_code, {400: "validation_error", 401: "refresh_invalid"}[answer.status_code]
        )

    def test_an_access_token_is_no_refresh_token(self, customer):
        refused(customer.post("auth/refresh/", {"refresh": customer.access}), 401, "refresh_invalid")


class TestLogout:
    def test_it_ends_this_session_only(self, customer, guest):
        guest.login(customer.email)
        ok(customer.post("auth/logout/", {"refresh": customer.refresh}), 204)

        refused(customer.get("auth/profile/"), 401, "session_ended")
        customer.access = ""
        refused(customer.post("auth/refresh/", {"refresh": customer.refresh}), 401, "refresh_invalid")
        assert guest.profile()["id"] == customer.id


class TestPasswords:
    def test_changing_it_locks_out_the_old_one_and_the_other_sessions(self, customer, guest, new_guest):
        guest.login(customer.email)
        ok(customer.post("auth/change-password/", {"old_password": PASSWORD, "new_password": NEW_PASSWORD}))

        refused(guest.get("auth/profile/"), 401, "session_ended")
        refused(guest.post("auth/refresh/", {"refresh": guest.refresh}), 401, "refresh_invalid")
        body = {"email": customer.email, "password": PASSWORD}
        refused(new_guest().post("auth/login/", body), 401, "invalid_credentials")
        new_guest().login(customer.email, NEW_PASSWORD)

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("not-the-Old-one", NEW_PASSWORD, "old_password"),
            (PASSWORD, "short", "new_password"),
            (PASSWORD, "password123", "new_password"),
            (PASSWORD, None, "new_password"),
            (PASSWORD, [NEW_PASSWORD], "new_password"),
        ],
    )
    def test_a_refused_change_changes_nothing(self, customer, guest, old, new, field):
        body = {"old_password": old, "new_password": new}
        refused_field(customer.post("auth/change-password/", body), field)
        guest.login(customer.email, PASSWORD)

    def test_a_reset_mail_leads_to_a_new_password_once(self, customer, guest):
        ok(guest.post("auth/password-reset/", {"email": customer.email.upper()}), 202)
        proof = reset_proof(customer.email)
        ok(guest.post("auth/password-reset/confirm/", {**proof, "new_password": NEW_PASSWORD}))

        refused(customer.get("auth/profile/"), 401, "session_ended")
        guest.login(customer.email, NEW_PASSWORD)
        again = {**proof, "new_password": "bronze-Kettle-13"}
        answer = guest.post("auth/password-reset/confirm/", again)
        refused(answer, 400, "reset_invalid")

    def test_asking_for_a_reset_tells_nobody_who_has_an_account(self, customer, guest):
        known = guest.post("auth/password-reset/", {"email": customer.email})
        unknown = guest.post("auth/password-reset/", {"email": f"{unique('no')}@example.com"})
        assert ok(known, 202) == ok(unknown, 202)

    @pytest.mark.parametrize(
        ("uid", "token"), [("", ""), ("MQ", "abc-def"), ("~", "x"), (1, 2), (None, []), ("x" * 500, "y")]
    )
    def test_a_forged_reset_is_refused(self, guest, uid, token):
        body = {"uid": uid, "token": token, "new_password": NEW_PASSWORD}
        answer = guest.post("auth/password-reset/confirm/", body)
        assert ok(answer, 400)["code"] in ("reset_invalid", "validation_error")


class TestProfile:
    def test_it_is_read_and_changed_in_part(self, customer):
        changed = ok(customer.patch("auth/profile/", {"first_name": "Ada", "phone": "+44 20 7946 0000"}))
        assert changed["first_name"] == "Ada"
        assert customer.profile() == changed
        assert ok(customer.patch("auth/profile/", {"last_name": "King"}))["first_name"] == "Ada"

    def test_it_is_replaced(self, customer):
        ok(customer.put("auth/profile/", {"first_name": "Grace", "last_name": "Hopper"}))
        assert customer.profile()["last_name"] == "Hopper"

    @pytest.mark.parametrize(
        ("field", "value"),
        [("first_name", "x" * 81), ("last_name", [1]), ("first_name", ["Ada"]), ("first_name", {})],
    )
    def test_a_bad_change_changes_nothing(self, customer, field, value):
        before = customer.profile()
        refused_field(customer.patch("auth/profile/", {"first_name": "Ada", field: value}), field)
        assert customer.profile() == before

    def test_nobody_promotes_themselves(self, customer):
        before = customer.profile()
        customer.patch(
            "auth/profile/", {"is_staff": True, "is_superuser": True, "id": 1, "email": "root@example.com"}
        )
        assert customer.profile() == before
        refused(customer.post("products/", {}), 403, "permission_denied")


class TestAddresses:
    def test_one_is_saved_read_changed_and_removed(self, customer):
        saved = customer.add_address()
        assert {name: saved[name] for name in ADDRESS} == ADDRESS
        assert address_of(customer, saved) == saved

        moved = ok(customer.patch(f"auth/addresses/{saved['id']}/", {"city": "Bath"}))
        assert moved == {**saved, "city": "Bath"}
        replaced = ok(
            customer.put(f"auth/addresses/{saved['id']}/", {**ADDRESS, "full_name": "Grace Hopper"})
        )
        assert (replaced["full_name"], replaced["city"]) == ("Grace Hopper", "London")

        ok(customer.delete(f"auth/addresses/{saved['id']}/"), 204)
        not_found(customer.get(f"auth/addresses/{saved['id']}/"))

    def test_the_list_has_the_common_shape(self, customer):
        ids = [customer.add_address()["id"] for _ in range(3)]
        page = ok(customer.get("auth/addresses/", page_size=2))
        assert set(page) == {"count", "next", "previous", "results"}
        assert (page["count"], len(page["results"])) == (3, 2)
        rest = ok(customer.get("auth/addresses/", page_size=2, page=2))
        assert sorted(a["id"] for a in page["results"] + rest["results"]) == sorted(ids)

    def test_each_type_has_one_default(self, customer):
        first = customer.add_address(is_default=True)
        billing = customer.add_address(type="billing", is_default=True)
        second = customer.add_address(is_default=True)

        assert address_of(customer, first)["is_default"] is False
        assert address_of(customer, second)["is_default"] is True
        assert address_of(customer, billing)["is_default"] is True

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("type", "holiday"),
            ("full_name", None),
            ("full_name", ""),
            ("line1", ["12"]),
            ("city", "x" * 500),
            ("postal_code", {}),
            ("country", "GBR"),
            ("country", "ZZ"),
            ("country", 44),
            ("is_default", "perhaps"),
        ],
    )
    def test_a_bad_field_is_named_and_nothing_is_saved(self, customer, field, value):
        refused_field(customer.post("auth/addresses/", {**ADDRESS, field: value}), field)
        saved = customer.add_address()
        refused_field(customer.patch(f"auth/addresses/{saved['id']}/", {field: value}), field)
        assert ok(customer.get("auth/addresses/"))["results"] == [saved]

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_those_of_others_do_not_exist(self, customer, stranger, method):
        theirs = customer.add_address()
        not_found(stranger.send(method, f"auth/addresses/{theirs['id']}/", json={**ADDRESS, "city": "Bath"}))
        assert address_of(customer, theirs) == theirs
        assert ok(stranger.get("auth/addresses/"))["results"] == []

    @pytest.mark.parametrize("key", [0, -1, 2**62, TOO_BIG, "first", "1.5"])
    def test_unknown_ones_do_not_exist(self, customer, key):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            not_found(customer.send(method, f"auth/addresses/{key}/", json=ADDRESS))
