"""A wire between a program and a server that can be cut and mended."""

import contextlib
import selectors
import socket
import threading


class Wire:
    """Forwards connections to a port of this machine. While it is cut, old ones are silent and new ones fail."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_cut, self._stop = threading.Event(), threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Wire":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.close()
        self._drop()

    def cut(self) -> None:
        """From now on nothing gets through; nobody is told."""
        self._is_cut.set()

    def mend(self) -> None:
        """Connections of before are gone; new ones get through."""
        self._drop()
        self._is_cut.clear()

    def _drop(self) -> None:
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                here.close()
                continue
            there = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        self._open |= {here, there}
        other = {here: there, there: here}
        with selectors.DefaultSelector() as ready, here, there, contextlib.suppress(OSError):
            for end in other:
                ready.register(end, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in ready.select(timeout=0.5):
                    end = key.fileobj
                    assert isinstance(end, socket.socket)
                    data = end.recv(65536)
                    if not data:
                        return
                    if not self._is_cut.is_set():
                        other[end].sendall(data)
        self._open -= {here, there}
