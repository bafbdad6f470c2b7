"""One upstream, one Redis and one gateway for the tests that do not break them."""

from collections.abc import Iterator

import pytest

from meshop_shared.tokens import TokenSigner
from tests.support.gateway import GatewayProcess, RedisProcess, gateway, make_signer, redis_server
from tests.support.upstream import Upstream


@pytest.fixture(scope="session")
def signer() -> TokenSigner:
    return make_signer()


@pytest.fixture(scope="session")
def shared_upstream(signer: TokenSigner) -> Iterator[Upstream]:
    with Upstream(signer=signer) as upstream:
        yield upstream


@pytest.fixture
def upstream(shared_upstream: Upstream) -> Upstream:
    shared_upstream.reset()
    return shared_upstream


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisProcess]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_gateway(shared_upstream: Upstream, redis_process: RedisProcess) -> Iterator[GatewayProcess]:
    with gateway(
        backend_url=shared_upstream.url,
        ai_urls=f"recommendations={shared_upstream.url}",
        redis_url=redis_process.url,
        rate_limit="off",
    ) as replica:
        yield replica


@pytest.fixture
def front(shared_gateway: GatewayProcess, upstream: Upstream, redis_process: RedisProcess) -> GatewayProcess:
    """The gateway, with an upstream that has seen nothing yet and an empty Redis."""
    with redis_process.client() as client:
        client.flushall()
    return shared_gateway
