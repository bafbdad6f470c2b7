"""Orders as columns, for simulation and training."""

import hashlib
from dataclasses import dataclass, fields, replace

import numpy as np

DAY_S = 86_400.0


@dataclass(frozen=True)
class Transactions:
    """Columns of equal length in the order of ``at`` (seconds); entities are numbers, -1 where there is none.

    ``delay`` are the seconds after which the truth about an order (``fraud``) is known; infinite if it never is.
    """

    at: np.ndarray
    user: np.ndarray
    card: np.ndarray
    address: np.ndarray
    ip: np.ndarray
    amount: np.ndarray
    fraud: np.ndarray
    scenario: np.ndarray
    delay: np.ndarray

    @property
    def habit(self) -> np.ndarray:
        """Each pair of a user and an address as a number, -1 where one of them is missing."""
        pairs = self.user.astype(np.int64) * (int(self.address.max(initial=0)) + 1) + self.address
        return np.where((self.user < 0) | (self.address < 0), -1, np.unique(pairs, return_inverse=True)[1])

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: np.ndarray) -> "Transactions":
        """Only the rows of ``mask``."""
        return replace(self, **{field.name: getattr(self, field.name)[mask] for field in fields(self)})

    def digest(self) -> str:
        """SHA-256 of everything that a model could learn from."""
        total = hashlib.sha256()
        for field in fields(self):
            total.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return total.hexdigest()
