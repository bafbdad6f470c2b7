"""The running stack that the workflows shop at, and the people who do it.

``MESHOP_URL`` says where it is, ``MESHOP_ADMIN_EMAIL`` and ``MESHOP_ADMIN_PASSWORD`` who may fill its shelves. The
stack runs with ``RATE_LIMIT=off``: hundreds of people register here from one address.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import httpx
import pytest

from tests.e2e.support.answers import ok
from tests.e2e.support.people import Person, Staff
from tests.e2e.support.things import unique


@pytest.fixture(scope="session")
def shop_url() -> str:
    """Where the stack answers; the run stops here when it does not."""
    url = os.environ.get("MESHOP_URL", "http://127.0.0.1:8000").rstrip("/")
    try:
        healthy = httpx.get(f"{url}/api/health/", timeout=10).json() == {"status": "healthy"}
    except (httpx.HTTPError, ValueError):
        healthy = False
    if not healthy:
        pytest.exit(f"No healthy Meshop answers at {url}: start one with make up, or set MESHOP_URL.", 2)
    return url


@pytest.fixture(scope="session")
def administrator(shop_url: str) -> Iterator[Staff]:
    """The administrator, once per run."""
    missing = [name for name in ("MESHOP_ADMIN_EMAIL", "MESHOP_ADMIN_PASSWORD") if not os.environ.get(name)]
    if missing:
        pytest.exit(f"Set {' and '.join(missing)} to the administrator of {shop_url}.", 2)
    with closing(Staff(shop_url)) as person:
        person.login(os.environ["MESHOP_ADMIN_EMAIL"], os.environ["MESHOP_ADMIN_PASSWORD"])
        yield person


@pytest.fixture
def staff(administrator: Staff) -> Staff:
    """The administrator, with a token that outlives the test."""
    administrator.stay_signed_in()
    return administrator


@pytest.fixture
def new_guest(shop_url: str) -> Iterator[Callable[[], Person]]:
    """Makes people whom the shop does not know yet."""
    with ExitStack() as doors:
        yield lambda: doors.enter_context(closing(Person(shop_url)))


@pytest.fixture
def new_customer(new_guest: Callable[[], Person]) -> Callable[[], Person]:
    """Makes people with a fresh account who are signed in."""

    def make() -> Person:
        person = new_guest()
        person.register()
        return person

    return make


@pytest.fixture
def guest(new_guest: Callable[[], Person]) -> Person:
    """Somebody whom the shop does not know."""
    return new_guest()


@pytest.fixture
def customer(new_customer: Callable[[], Person]) -> Person:
    """Somebody with a fresh account, signed in."""
    return new_customer()


@pytest.fixture
def stranger(new_customer: Callable[[], Person]) -> Person:
    """Another customer, who must see nothing of the first."""
    return new_customer()


@pytest.fixture
def brand() -> str:
    """A brand that nobody else sells, to look at one test's products alone."""
    return unique("Brand")


@pytest.fixture
def prometheus() -> str:
    """The Prometheus beside the stack."""
    url = os.environ.get("PROMETHEUS_URL")
    if not url:
        pytest.skip("There is no Prometheus: start the stack with tools.testbed --stack --prometheus.")
    return url


@pytest.fixture
def shopping(customer: Person, staff: Staff, guest: Person) -> Callable[[], None]:
    """What brings data to every panel, done once: orders, one paid, one refused for want of stock, searches, mails.

    Again whenever it is called, for rates: what a series begins with is no increase.
    """
    product = staff.add_product(stock=90)
    pages = {"success_url": "https://example.com/yes", "cancel_url": "https://example.com/no"}

    def shop() -> None:
        customer.get("search/", q=product["name"])
        guest.get("products/")
        customer.get("recommendations/")
        customer.order(product)
        body = {**pages, "order_id": customer.order(product)["id"]}
        session = ok(customer.post("payments/create-checkout-session/", body, key=unique("key")), 201)
        ok(customer.post(session["url"].partition("/api/")[2], {"card": "4242424242424242"}))
        assert customer.try_order(product, staff.stock_of(product) + 1).status_code == 409

    shop()
    return shop
