"""Stand-ins for what is outside; each is held to the real thing by a test of its own."""

from typing import Any

from apps.core.publisher import PublishFailed


class FakePublisher:
    """A broker in memory. ``confirmed`` holds what it has; ``down`` makes it refuse, with what was sent lost."""

    def __init__(self) -> None:
        self.down = False
        self.sent: list[tuple[str, str, dict[str, Any], int]] = []
        self.confirmed: list[tuple[str, str, dict[str, Any], int]] = []
        self.dead: list[tuple[str, str, dict[str, Any], str]] = []

    def send(self, *, consumer: str, queue: str, message: dict[str, Any], attempt: int = 0) -> None:
        self.sent.append((consumer, queue, message, attempt))

    def send_dead(self, *, consumer: str, queue: str, message: dict[str, Any], error: str) -> None:
        self.dead.append((consumer, queue, message, error))

    def confirm(self) -> None:
        if self.down:
            self.close()
            raise PublishFailed("down")
        self.confirmed += self.sent
        self.sent = []

    def close(self) -> None:
        self.sent = []
