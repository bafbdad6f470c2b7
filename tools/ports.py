"""Ports on the loopback address."""

import random
import socket

from tools.errors import ToolError

LOOPBACK = "127.0.0.1"
#: Below the range from which Linux takes the ports of outgoing connections.
FREE_PORTS = range(20000, 30000)


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def pick_port(preferred: int | None = None, avoid: frozenset[int] = frozenset()) -> int:
    """``preferred`` when it is free, else any free port that is not in ``avoid``."""
    if preferred is not None and preferred not in avoid and is_free(preferred):
        return preferred
    for port in random.sample(FREE_PORTS, 200):
        if port not in avoid and is_free(port):
            return port
    raise ToolError(f"No free port between {FREE_PORTS.start} and {FREE_PORTS.stop} was found on {LOOPBACK}.")


def require_free(port: int, variable: str, command: str = "make up") -> None:
    """Stop with a sentence that names ``variable`` when another program listens on ``port``."""
    if port < 1024 and not is_free(port):
        raise ToolError(f"Port {port} cannot be used: choose one above 1023 with {command} {variable}=8080.")
    if not is_free(port):
        raise ToolError(
            f"Port {port} is taken by another program: stop that one, "
            f"or choose another port with {command} {variable}={pick_port(port + 1)}."
        )


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """Whether something accepts connections on ``port``."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True
