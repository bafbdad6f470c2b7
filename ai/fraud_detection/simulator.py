"""A world of customers, cards, addresses and networks with known fraud: SYNTHETIC data, and called so everywhere.

Written after the description in the "Reproducible Machine Learning for Credit Card Fraud Detection" handbook (Le Borgne
and others 2022, chapter 3): customers with habits in a plane, points of access near them, three kinds of fraud. Where
the handbook has terminals a shop has networks (IP addresses) from which it is reached.

1. Amounts above 220 are fraud: what a crude thief takes, and any rule can see.
2. Every day some networks are taken over; for 28 days all that comes from them is fraud.
3. Every day the data of some customers leak; for 14 days a third of their orders is fraud, five times as large.

That is the ``plain`` world. A shop has more that looks alike, so the default world adds what is lawful and large or
fast: presents (up to five times the usual amount, below 220, sent to somebody else), second orders within the hour
because something was forgotten, and offices whose many people share one network; and what thieves do in shops: with
leaked data they order again and again within the hour, to somebody else's address.
"""

from dataclasses import dataclass

import numpy as np

from fraud_detection.table import DAY_S, Transactions

#: Above this an order is fraud (scenario 1).
LARGE = 220.0
_RADIUS, _PLANE = 5.0, 100.0
_NETWORK_DAYS, _LEAK_DAYS, _LEAK_FACTOR = 28, 14, 5.0
#: Taken over each day, of all networks; leaked each day, of all customers.
_NETWORKS_TAKEN, _CUSTOMERS_LEAKED = 2 / 10_000, 3 / 5_000
#: Days until the truth about an order is known: a chargeback, or its absence.
LABEL_DELAY_DAYS = 7.0
#: Shares of orders in a shop's world: presents, forgotten things, and what goes through an office.
_PRESENTS, _FORGOTTEN, _OFFICE_ORDERS = 0.04, 0.05, 0.3
_OFFICES = 0.02
_BURST = 3
_HOUR_S = 3_600.0


@dataclass(frozen=True)
class World:
    """How large a simulation is; fraud scales with it as in the handbook (5,000 customers, 10,000 terminals)."""

    customers: int = 1_500
    days: int = 150
    plain: bool = False

    @property
    def networks(self) -> int:
        """Two for each customer."""
        return 2 * self.customers


def simulate(world: World, *, seed: int) -> Transactions:
    """All orders of a world in the order of time; the same seed gives the same orders."""
    rng = np.random.default_rng(seed)
    user, at = _visits(rng, world)
    mean = rng.uniform(5, 100, world.customers)
    amount = rng.normal(mean[user], mean[user] / 2)
    amount = np.where(amount < 0, rng.uniform(0, 2 * mean[user]), amount)
    offices = np.arange(0 if world.plain else max(int(_OFFICES * world.networks), 1))
    ip = _networks(rng, world, user, offices)
    household = np.where(
        rng.random(world.customers) < 0.2,
        rng.integers(0, world.customers, world.customers),
        np.arange(world.customers),
    )
    address = household[user]
    if not world.plain:
        present = (rng.random(len(user)) < _PRESENTS) & (amount < LARGE)
        amount = np.where(present, np.minimum(amount * rng.uniform(2, 5, len(user)), LARGE - 1), amount)
        address = np.where(present, household[rng.integers(0, world.customers, len(user))], address)
    amount, scenario = _fraud(rng, world, user, (at / DAY_S).astype(np.int64), amount, ip, offices)
    two_cards = rng.random(world.customers) < 0.3
    columns = {
        "at": at, "user": user, "card": 2 * user + (two_cards[user] & (rng.random(len(user)) < 0.4)),
        "address": address, "ip": ip, "amount": amount, "scenario": scenario,
    }  # fmt: skip
    if not world.plain:
        columns = _bursts(rng, world, columns)
    order = np.argsort(columns["at"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    columns["amount"] = np.round(np.maximum(columns["amount"], 0.01), 2)
    delay = np.full(len(order), LABEL_DELAY_DAYS * DAY_S)
    return Transactions(**columns, fraud=columns["scenario"] > 0, delay=delay)


def _visits(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray]:
    """Who orders when: each customer at a pace of their own, mostly around noon."""
    pace = rng.uniform(0, 4, world.customers)
    counts = rng.poisson(np.repeat(pace[:, None], world.days, 1))
    user, day = (axis.repeat(counts.ravel()) for axis in np.divmod(np.arange(counts.size), world.days))
    second = rng.normal(DAY_S / 2, 20_000, len(user))
    kept = (second > 0) & (second < DAY_S)
    return user[kept], (day * DAY_S + second)[kept]


def _networks(rng: np.random.Generator, world: World, user: np.ndarray, offices: np.ndarray) -> np.ndarray:
    """The network of each order: any within reach of the customer, or the office where they work."""
    near = _near(rng, world.customers, world.networks)
    starts = np.cumsum([0, *(len(one) for one in near)])
    widths = np.diff(starts)[user]
    ip = np.concatenate(near)[starts[:-1][user] + (rng.random(len(user)) * widths).astype(np.int64)]
    if len(offices):
        works = rng.choice(offices, world.customers)
        ip = np.where(rng.random(len(user)) < _OFFICE_ORDERS, works[user], ip)
    return ip


def _near(rng: np.random.Generator, customers: int, networks: int) -> list[np.ndarray]:
    """The networks within reach of each customer; for those who have none, the nearest."""
    homes, places = rng.uniform(0, _PLANE, (customers, 2)), rng.uniform(0, _PLANE, (networks, 2))
    found = []
    for home in homes:
        distance = np.hypot(*(places - home).T)
        within = np.flatnonzero(distance < _RADIUS)
        found.append(within if len(within) else np.array([np.argmin(distance)]))
    return found


def _fraud(
    rng: np.random.Generator, world: World, user: np.ndarray, day: np.ndarray, amount: np.ndarray, ip: np.ndarray,
    offices: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Amounts and scenarios after the three kinds of fraud; a later kind overrides an earlier one."""
    scenario = np.where(amount > LARGE, 1, 0)
    taken = _marked(rng, world.days, world.networks, _NETWORKS_TAKEN, _NETWORK_DAYS)
    taken[offices] = False  # somebody looks after those
    scenario = np.where(taken[ip, day], 2, scenario)
    leaked = _marked(rng, world.days, world.customers, _CUSTOMERS_LEAKED, _LEAK_DAYS)
    hit = leaked[user, day] & (rng.random(len(user)) < 1 / 3)
    return np.where(hit, _LEAK_FACTOR * amount, amount), np.where(hit, 3, scenario)


def _bursts(rng: np.random.Generator, world: World, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Orders that follow within the hour: a thief's, with the first to somebody else's address; a customer's."""
    stolen = columns["scenario"] == 3
    drops = rng.integers(0, world.customers, world.customers)
    columns["address"] = np.where(stolen, drops[columns["user"]], columns["address"])
    again = np.where(stolen, rng.integers(0, _BURST + 1, len(stolen)), rng.random(len(stolen)) < _FORGOTTEN)
    again = np.where((columns["scenario"] == 0) | stolen, again, 0).astype(np.int64)
    rows = np.arange(len(stolen)).repeat(again)
    added = {name: column[rows] for name, column in columns.items()}
    added["at"] = added["at"] + rng.uniform(60, _HOUR_S, len(rows))
    factor = rng.uniform(0.3, 1.2, len(rows))
    lawful = added["scenario"] == 0
    added["amount"] = np.where(
        lawful, np.minimum(added["amount"] * factor, LARGE - 1), added["amount"] * factor
    )
    return {name: np.concatenate([columns[name], added[name]]) for name in columns}


def _marked(rng: np.random.Generator, days: int, count: int, share: float, lasts: int) -> np.ndarray:
    """Which of ``count`` things are in trouble on which day."""
    marked = np.zeros((count, days), bool)
    for day in range(days):
        for thing in rng.integers(0, count, rng.poisson(share * count)):
            marked[thing, day : day + lasts] = True
    return marked
