"""Making a recommender; apart from :mod:`recommendations.model`, so that serving needs no library of the trainer."""

from recommendations.features import Parameters, catalogue_fit
from recommendations.interactions import Interactions
from recommendations.model import Recommender
from recommendations.ranker import ranker_fit


def recommender_fit(
    history: Interactions, *, today: int, seed: int, parameters: Parameters | None = None
) -> Recommender:
    """Learn everything from sales up to ``today``."""
    parameters, past = parameters or Parameters(), history.until(today)
    return Recommender(
        catalogue_fit(past, today=today, parameters=parameters),
        discover=ranker_fit(past, last=today, repeats=False, seed=seed, parameters=parameters),
        again=ranker_fit(past, last=today, repeats=True, seed=seed, parameters=parameters),
    )
