"""``make bench-pricing``: proposed prices beside fixed rules, greedy and the oracle, where demand is known.

``BENCH_PRICING_SEEDS`` says how many markets of each regime (20).
"""

import os
from collections.abc import Callable

import numpy as np

from dynamic_pricing.choosing import Situation, choice_shares, margins, price_grid
from dynamic_pricing.demand import Sales
from dynamic_pricing.evaluation import Comparison, Learner, beliefs_of, best_rule, compare, limits_of
from dynamic_pricing.ope import Decision, estimates
from dynamic_pricing.simulator import REGIMES, Market

SEEDS = int(os.environ.get("BENCH_PRICING_SEEDS", "20"))
_LOG_DAYS, _DRAWS = 60, 100


def main() -> None:
    """Print the tables."""
    print(f"simulated markets: {SEEDS} seeds, 30 articles, 180 days, a shift on day 90")
    print(
        "| demand | by best fixed rule | by the best in hindsight | of oracle, settled | greedy of it | limits broken |"
    )
    print("|---|---|---|---|---|---|")
    by_regime = {
        regime: [compare(Market.make(regime, seed=seed), seed=seed) for seed in range(1, SEEDS + 1)]
        for regime in REGIMES
    }
    everything = [one for found in by_regime.values() for one in found]
    rule = best_rule(everything)
    for regime, found in by_regime.items():
        row(regime, found, rule)
    row("all", everything, rule)
    wins = np.mean([one.thompson.margin > one.fixed[rule].margin for one in everything])
    print(f"\nthe best fixed rule is {rule}; it earned less in {wins:.0%} of the markets")
    off_policy()


def row(name: str, found: list[Comparison], rule: str) -> None:
    """Means with the lowest of all markets."""

    def cell(ratio: Callable[[Comparison], float]) -> str:
        values = [ratio(one) for one in found]
        half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        return f"{np.mean(values):.3f} ± {half:.3f} (worst {min(values):.3f})"

    cells = (
        cell(lambda one: one.thompson.margin / one.fixed[rule].margin),
        cell(lambda one: one.thompson.margin / one.best_fixed.margin),
        cell(lambda one: one.thompson.settled / one.oracle.settled),
        cell(lambda one: one.greedy.settled / one.oracle.settled),
        str(sum(one.thompson.violations for one in found)),
    )
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def off_policy() -> None:
    """What the mean curve's best price would have earned, from a log of Thompson sampling, beside the truth."""
    market = Market.make("logit", seed=3)
    learner, rng = Learner(market, seed=3), np.random.default_rng(3)
    prices, stock, decisions, truth = market.list_price.copy(), np.zeros(30), [], []
    sold_days: list[tuple[np.ndarray, ...]] = []
    limits = limits_of(market)
    for day in range(_LOG_DAYS):
        stock = market.delivered(day, stock)
        chosen = prices.copy()
        if day >= 30:
            columns = [np.array(part) for part in zip(*sold_days, strict=True)]
            beliefs = beliefs_of(Sales(columns[0], columns[1], columns[2], columns[3], market.category))
            choices = []
            for number, belief in enumerate(beliefs):
                situation = Situation(
                    (int(prices[number]),), int(market.cost[number]), float(stock[number]), market.days_left(day),
                    limits[number],
                )  # fmt: skip
                if stock[number] <= 0 or len(price_grid(situation)) == 0:
                    continue
                grid, shares = choice_shares(belief, situation, rng=rng, draws=_DRAWS)
                pick = int(rng.choice(len(grid), p=shares))
                chosen[number] = grid[pick]
                expected = margins(belief, situation, grid, belief.mean)
                choices.append((number, grid, shares, pick, expected))
        sold = market.sell(chosen, day, stock, rng)
        if day >= 30:
            for number, grid, shares, pick, expected in choices:
                target = np.zeros(len(grid))
                target[int(np.argmax(expected))] = 1.0
                earned = float((chosen[number] - market.cost[number]) * sold[number])
                decisions.append(Decision(pick, earned, shares, target, expected))
                wanted = grid[int(np.argmax(expected))]
                units = market.demand(np.where(np.arange(30) == number, wanted, market.list_price), day)[
                    number
                ]
                truth.append((wanted - market.cost[number]) * min(units, stock[number]))
        else:
            chosen = learner(day, prices, stock)
            sold = market.sell(chosen, day, stock, rng)
            learner.observe(chosen, sold, stock - sold)
        sold_days.append((sold.astype(float), chosen, stock > 0, (stock - sold == 0) & (sold > 0)))
        stock, prices = stock - sold, chosen
    print(
        f"\noff-policy: {len(decisions)} logged decisions, margin a day of always the best price of the mean curve"
    )
    print("| | estimate ± 95 % | by the truth |\n|---|---|---|")
    actual = float(np.mean(truth))
    for name, estimate in estimates(decisions).items():
        print(
            f"| {name} | {estimate.value / 100:.2f} ± {estimate.half / 100:.2f} | {estimate.value / actual:.3f} |"
        )
    logged = float(np.mean([decision.reward for decision in decisions]))
    print(
        f"| truth | {actual / 100:.2f} | 1 |\n| what the log earned | {logged / 100:.2f} | {logged / actual:.3f} |"
    )


if __name__ == "__main__":
    main()
