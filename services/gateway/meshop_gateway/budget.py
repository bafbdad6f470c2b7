"""How many retries an upstream gets: a share of its requests, so that retries cannot multiply an outage."""


class RetryBudget:
    """Each request earns ``ratio`` of a retry; at most ``reserve`` are saved, which also is the initial balance."""

    __slots__ = ("_balance", "_ratio", "_reserve")

    def __init__(self, *, ratio: float, reserve: float = 10.0) -> None:
        self._ratio, self._reserve = ratio, reserve
        self._balance = reserve if ratio else 0.0

    def earn(self) -> None:
        """A first attempt is made."""
        if self._balance < self._reserve:
            self._balance = min(self._reserve, self._balance + self._ratio)

    def spend(self) -> bool:
        """Take one retry, if there is one."""
        if self._balance < 1:
            return False
        self._balance -= 1
        return True
