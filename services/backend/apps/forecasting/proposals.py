"""What to order now: stock beside what will be asked for until the delivery after next."""

from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings

from apps.forecasting.answers import MOST_WEEKS, Item, forecasts_kept, naive_of
from apps.forecasting.models import DemandForecast
from apps.forecasting.reorder import WEEK, Outlook, Proposal, Terms, proposal_of
from apps.forecasting.selectors import WEEKS_RECENT, Stocked, articles_stocked, weekly_units

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants otherwise than the article's policy and the shop's settings say; None: as these."""

    search: str = ""
    lead_time_days: int | None = None
    service_level: float | None = None
    minimum_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """An article to order."""

    article: Stocked
    terms: Terms
    forecast: Item
    proposal: Proposal


def reorder_proposals(asked: Asked) -> list[Proposed]:
    """Articles to order, the most urgent first. Works from the kept forecasts, so it needs no service to answer."""
    wanted = [(one, _terms(one, asked)) for one in articles_stocked(search=asked.search)]
    wanted = [(one, terms) for one, terms in wanted if _may_run_out(one, terms)]
    forecasts = _forecasts([one.sku for one, _ in wanted])
    found = []
    for one, terms in wanted:
        forecast = forecasts[one.sku]
        outlook = Outlook([week["units"] for week in forecast.weeks], forecast.needs, forecast.levels)
        proposal = proposal_of(available=one.available, outlook=outlook, terms=terms)
        if proposal:
            found.append(Proposed(one, terms, forecast, proposal))
    return sorted(
        found, key=lambda one: (one.proposal.days_left, -one.proposal.expected, one.article.product_id)
    )


def _terms(one: Stocked, asked: Asked) -> Terms:
    shop = settings.MESHOP
    return Terms(
        lead_time_days=_first(asked.lead_time_days, one.lead_time_days, shop.reorder_lead_time_days),
        review_days=shop.reorder_review_days,
        service_level=_first(asked.service_level, one.service_level, shop.reorder_service_level),
        minimum_quantity=_first(asked.minimum_quantity, one.minimum_quantity, 1),
        pack_size=one.pack_size or 1,
        cover_days=shop.reorder_cover_days,
    )


def _first(*values: Number | None) -> Number:
    return next(value for value in values if value is not None)


def _may_run_out(one: Stocked, terms: Terms) -> bool:
    """Whether it is worth a look: the largest need that its forecast knows is more than there is."""
    if one.most_needed is None:
        return True
    return one.available <= one.most_needed * max(1, terms.protected_days / (WEEK * MOST_WEEKS))


def _forecasts(keys: list[str]) -> dict[str, Item]:
    """The kept forecasts; past sales where there are none."""
    stored = forecasts_kept(kind=DemandForecast.Kind.ARTICLE, keys=keys)
    rest = [key for key in keys if key not in stored]
    recent = weekly_units(kind=DemandForecast.Kind.ARTICLE, keys=rest, weeks=WEEKS_RECENT) if rest else {}
    return stored | {key: naive_of(key, recent.get(key, []), weeks=MOST_WEEKS) for key in rest}
