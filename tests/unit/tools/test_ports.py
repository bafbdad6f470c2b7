import socket
from collections.abc import Iterator

import pytest

from tools import ports
from tools.errors import ToolError
from tools.processes import ProcessTable
from tools.servers.datastores import settle_port
from tools.state import StateFolder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_with_a_listener_is_not_free(taken_port):
    assert not ports.is_free(taken_port)
    assert ports.answers(taken_port)


def test_preferred_port_is_picked_while_it_is_free(taken_port):
    free = ports.pick_port()
    assert ports.pick_port(free) == free
    assert ports.pick_port(free, avoid=frozenset({free})) != free
    assert ports.pick_port(taken_port) != taken_port


def test_taken_port_is_told_in_one_sentence_with_a_way_out(taken_port):
    with pytest.raises(ToolError, match=rf"^Port {taken_port} is taken .* make up PORT=\d+\.$"):
        ports.require_free(taken_port, "PORT")


def test_remembered_port_stays_while_it_is_free_and_moves_when_it_is_not(tmp_path):
    state, table = StateFolder(tmp_path), ProcessTable(tmp_path)
    port = settle_port(state, table, "redis", chosen=None, variable="REDIS_PORT")
    assert settle_port(StateFolder(tmp_path), table, "redis", chosen=None, variable="REDIS_PORT") == port
    with socket.create_server((ports.LOOPBACK, port)):
        moved = settle_port(state, table, "redis", chosen=None, variable="REDIS_PORT")
    assert moved != port
    assert state.port("redis") == moved


def test_chosen_port_that_is_taken_is_refused_by_its_name(tmp_path, taken_port):
    with pytest.raises(ToolError, match=f"PG_PORT={taken_port + 1}|PG_PORT="):
        settle_port(
            StateFolder(tmp_path), ProcessTable(tmp_path), "postgresql", chosen=taken_port, variable="PG_PORT"
        )
