"""Orders from a file in the format of the Handbook's data: columns TX_DATETIME, CUSTOMER_ID and so on."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from fraud_detection.simulator import LABEL_DELAY_DAYS
from fraud_detection.table import DAY_S, Transactions


def orders_read(path: Path) -> Transactions:
    """All rows in the order of time; terminals are networks, cards are their customers', addresses are unknown."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    rows = []
    customers: dict[str, int] = {}
    terminals: dict[str, int] = {}
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["TX_DATETIME"]).replace(tzinfo=UTC).timestamp()
            customer = customers.setdefault(row["CUSTOMER_ID"], len(customers))
            terminal = terminals.setdefault(row["TERMINAL_ID"], len(terminals))
            scenario = int(row.get("TX_FRAUD_SCENARIO") or 0)
            rows.append((at, customer, terminal, float(row["TX_AMOUNT"]), int(row["TX_FRAUD"]), scenario))
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 6)
    user = table[:, 1].astype(np.int64)
    return Transactions(
        at=table[:, 0], user=user, card=user, address=np.full(len(user), -1), ip=table[:, 2].astype(np.int64),
        amount=table[:, 3], fraud=table[:, 4] > 0, scenario=table[:, 5].astype(np.int64),
        delay=np.full(len(user), LABEL_DELAY_DAYS * DAY_S),
    )  # fmt: skip
