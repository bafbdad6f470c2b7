"""What the backend writes to Redis is what the gateways wait for: changed answers die, ended sessions are refused."""

import json
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction

from apps.accounts.errors import RefreshInvalid
from apps.accounts.models import TokenFamily, User
from apps.accounts.services.sessions import (
    TokenPair,
    family_revoke,
    session_end,
    session_open,
    session_refresh,
    sessions_revoke,
)
from apps.accounts.signing import token_signer
from apps.core.events import event_emit, event_message
from apps.core.inbox import event_apply
from apps.core.redis_client import redis_client
from apps.core.response_cache import CATALOGUE, STOCK, stamp_bump
from apps.core.subscriptions import subscription_named, subscriptions_for
from apps.products.services.products import product_update
from tests.support.factories import product_make, user_make
from tests.support.gateway import GatewayProcess, gateway
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
PATH = "/api/products/"


@pytest.fixture(scope="module")
def backend_like() -> Iterator[Upstream]:
    """Stands for the backend's HTTP side; it shows the backend's own public key."""
    with Upstream(signer=token_signer()) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def front(backend_like: Upstream) -> Iterator[GatewayProcess]:
    with gateway(
        backend_url=backend_like.url,
        ai_urls=f"recommendations={backend_like.url}",
        redis_url=settings.MESHOP.redis_url,
        rate_limit="off",
    ) as replica:
        wait_until(lambda: replica.state()["cache"]["usable"])
        yield replica


def shown(front: GatewayProcess) -> object:
    return front.get(PATH).json()


@pytest.fixture
def stored(front, backend_like, transactional_db):
    """The gateway has an old answer, and the upstream a new one."""
    for stamp in (CATALOGUE, STOCK):
        stamp_bump(stamp)
    backend_like.reset()
    backend_like.answers[PATH] = (200, {}, b'"old"')

    def is_stored():
        return front.get(PATH).headers.get("x-cache") == "hit"

    wait_until(is_stored)
    assert shown(front) == "old"
    backend_like.answers[PATH] = (200, {}, b'"new"')
    assert shown(front) == "old"


@pytest.mark.parametrize("stamp", [CATALOGUE, STOCK])
def test_bumped_stamp_kills_the_gateways_answer(front, stored, stamp):
    stamp_bump(stamp)
    wait_until(lambda: shown(front) == "new", timeout_s=2)


def test_change_of_a_product_shows_at_once_and_only_after_its_commit(front, backend_like, transactional_db):
    product = product_make(price_minor=1000)
    for stamp in (CATALOGUE, STOCK):
        stamp_bump(stamp)
    backend_like.answers[PATH] = (200, {}, b'"old"')
    wait_until(lambda: front.get(PATH).headers.get("x-cache") == "hit" and shown(front) == "old")
    backend_like.answers[PATH] = (200, {}, b'"new"')
    with transaction.atomic():
        product_update(product_id=product.pk, data={"name": "Other"})
        assert shown(front) == "old"
    wait_until(lambda: shown(front) == "new", timeout_s=2)


def test_event_kills_the_answer_when_its_writer_died_before_it_could(front, stored):
    with transaction.atomic():
        row = event_emit(type="product.updated", aggregate="product:1", payload=PRODUCT)
    assert shown(front) == "old"  # the writer is dead
    subscription = subscription_named("products.purge", settings.SUBSCRIPTIONS)
    assert event_apply(subscription=subscription, message=json.loads(json.dumps(event_message(row))))
    wait_until(lambda: shown(front) == "new", timeout_s=2)


PRODUCT = {"product_id": 1, "sku": "A-1", "slug": "kettle", "fields": ["name"]}


@pytest.mark.parametrize(
    "type",
    ["product.created", "product.updated", "product.deleted", "product.image_added", "price.changed",
     "category.changed", "tag.changed", "catalogue.imported", "review.created"],
)  # fmt: skip
def test_every_event_about_what_the_public_sees_purges(type):
    consumers = {found.consumer for found in subscriptions_for(type, settings.SUBSCRIPTIONS)}
    assert "products.purge" in consumers


@pytest.fixture
def user(transactional_db) -> User:
    return user_make()


def status(front: GatewayProcess, tokens: TokenPair) -> int:
    return front.get("/ai/recommendations/x", f"Authorization: Bearer {tokens.access}").status


def family_of(tokens: TokenPair) -> TokenFamily:
    return TokenFamily.objects.get(pk=str_sid(tokens))


def str_sid(tokens: TokenPair) -> str:
    import jwt

    return str(jwt.decode(tokens.access, options={"verify_signature": False})["sid"])


def end_by_logout(tokens: TokenPair, user: User) -> None:
    session_end(refresh=tokens.refresh)


def end_by_staff(tokens: TokenPair, user: User) -> None:
    family_revoke(family_id=family_of(tokens).pk, reason="staff")


def end_by_new_password(tokens: TokenPair, user: User) -> None:
    sessions_revoke(user_id=user.pk, reason="password_reset")


def end_by_reuse(tokens: TokenPair, user: User) -> None:
    session_refresh(refresh=tokens.refresh)
    with pytest.raises(RefreshInvalid):
        session_refresh(refresh=tokens.refresh)


@pytest.mark.parametrize("end", [end_by_logout, end_by_staff, end_by_new_password, end_by_reuse])
def test_ended_session_is_refused_where_the_gateway_decides(front, user, end):
    tokens, other = session_open(user=user, roles=()), session_open(user=user_make(), roles=())
    assert (status(front, tokens), status(front, other)) == (200, 200)
    end(tokens, user)
    assert (status(front, tokens), status(front, other)) == (401, 200)
    left = redis_client().ttl(f"revoked:sid:{str_sid(tokens)}")
    assert settings.MESHOP.access_token_s <= left <= settings.MESHOP.access_token_s + 300


def test_session_that_stays_is_not_marked(front, user):
    kept, ended = session_open(user=user, roles=()), session_open(user=user, roles=())
    sessions_revoke(user_id=user.pk, reason="password_change", except_family_id=family_of(kept).pk)
    assert (status(front, kept), status(front, ended)) == (200, 401)


def test_revocation_that_is_rolled_back_is_not_announced(front, user):
    tokens = session_open(user=user, roles=())
    with transaction.atomic():
        session_end(refresh=tokens.refresh)
        transaction.set_rollback(True)
    assert status(front, tokens) == 200
