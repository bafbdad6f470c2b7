"""The reranker: LambdaMART (Burges 2010) over the pool, taught by what customers bought after earlier days.

For each teaching day the catalogue is fitted anew on sales up to that day; labels come from the days after it. So no
feature knows anything of the time of its label.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from recommendations.candidates import purchase_matrix
from recommendations.features import Parameters, Pool, catalogue_fit, pool_build
from recommendations.forest import Forest
from recommendations.histories import Histories
from recommendations.interactions import Array, Interactions

#: Customers with fewer articles teach nothing about taste, and are not judged.
MIN_ARTICLES = 5
_BATCH = 400
#: Fewer customers than this are too few to teach.
_MIN_CUSTOMERS = 50


@dataclass(frozen=True)
class Task:
    """A day to stand on and what is asked of it: later purchases of each customer, new ones or all."""

    customers: Array
    truth: list[Array]
    repeats: bool


def task_build(history: Interactions, *, today: int, until: int, repeats: bool) -> Task:
    """Customers with enough articles before and a right answer after; articles never sold before are none."""
    before = purchase_matrix(history.until(today))
    after = purchase_matrix(history.between(today, until))
    known = np.asarray(before.sum(0)).ravel() > 0
    articles = np.asarray(before.sum(1)).ravel()
    wanted = after if repeats else (after - after.multiply(before)).tocsr()
    wanted.eliminate_zeros()
    customers, truth = [], []
    for customer in np.flatnonzero(articles >= MIN_ARTICLES):
        answer = wanted.indices[wanted.indptr[customer] : wanted.indptr[customer + 1]]
        answer = answer[known[answer]]
        if len(answer):
            customers.append(customer)
            truth.append(answer)
    return Task(np.array(customers, dtype=np.int64), truth, repeats)


def teaching_days(first: int, last: int) -> list[tuple[int, int]]:
    """Up to three (day, end of its labels), the labels of 70 days, none after ``last``; shorter for young shops."""
    horizon = max(min(70, (last - first) // 4), 1)
    days = [(last - horizon, last), (last - 2 * horizon - 1, last - horizon - 1)]
    days.append((last - int(2.6 * horizon) - 1, last - int(1.6 * horizon) - 1))
    return [(day, end) for day, end in days if day > first]


def pools_of(
    history: Interactions, *, today: int, task: Task, parameters: Parameters
) -> tuple[list[Pool], Array]:
    """Pools of all customers of a task, in batches, and which candidates are right."""
    past = history.until(today)
    catalogue = catalogue_fit(past, today=today, parameters=parameters)
    pools, labels = [], []
    for start in range(0, len(task.customers), _BATCH):
        histories = Histories.of_customers(past, task.customers[start : start + _BATCH], today=today)
        pool = pool_build(catalogue, histories, excluded=None if task.repeats else histories.bought())
        pools.append(pool)
        truth = task.truth[start : start + _BATCH]
        labels.append(np.stack([np.isin(row, answer) for row, answer in zip(pool.items, truth, strict=True)]))
    return pools, np.concatenate(labels) if labels else np.zeros((0, 0), bool)


def ranker_fit(
    history: Interactions, *, last: int, repeats: bool, seed: int, parameters: Parameters
) -> Forest | None:
    """Learn from the teaching days before ``last``; None when the shop is too young to learn from."""
    features, labels = [], []
    names: tuple[str, ...] = ()
    for today, until in teaching_days(int(history.day.min(initial=last)), last):
        task = task_build(history, today=today, until=until, repeats=repeats)
        if len(task.customers) < _MIN_CUSTOMERS:
            continue
        pools, right = pools_of(history, today=today, task=task, parameters=parameters)
        names = pools[0].names
        features.append(np.concatenate([pool.features for pool in pools]))
        labels.append(right)
    if not features:
        return None
    groups = [part.shape[1] for part in features for _ in range(part.shape[0])]
    table = lgb.Dataset(
        np.concatenate([part.reshape(-1, part.shape[-1]) for part in features]),
        np.concatenate([part.ravel() for part in labels]).astype(np.int32),
        group=groups,
        feature_name=list(names),
        free_raw_data=True,
    )
    booster = lgb.train(_settings(seed, parameters), table, parameters.trees)
    return Forest.of_model(booster.dump_model())


def _settings(seed: int, parameters: Parameters) -> dict[str, object]:
    return {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 40,
        "learning_rate": parameters.learning_rate,
        "num_leaves": parameters.leaves,
        "min_data_in_leaf": 50,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5,
        "max_bin": 127,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # two wait for each other where there are no two cores to spare
        "verbose": -1,
    }
