"""Synonyms learned from the log of searches: the service ``semantic_search`` proposes, a merchandiser decides."""

from collections import defaultdict
from typing import Any

import structlog
from django.db import connection, transaction
from pydantic import BaseModel, ValidationError

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.search.models import SearchSynonym, SynonymProposal
from apps.search.selectors import synonym_choices, synonym_rules, texts_searched_most
from apps.search.services.synonyms import synonyms_changed

_DAYS, _LEAST_SEARCHES, _TEXTS = 30, 3, 2_000
#: Nobody waits for it, and the service may have to encode the catalogue's words first.
_DEADLINE_S = 60.0
_STORE = """
INSERT INTO search_synonymproposal AS old (word, known, score, searches, example, state, seen_at)
SELECT word, known, score, searches, example, 'open', now()
FROM unnest(%s::text[], %s::text[], %s::float[], %s::int[], %s::text[]) AS new (word, known, score, searches, example)
ORDER BY word, known
ON CONFLICT (word, known) DO UPDATE SET
    score = excluded.score, searches = excluded.searches, example = excluded.example, seen_at = excluded.seen_at
WHERE old.state = 'open'
"""

log = structlog.get_logger(__name__)


class _Pair(BaseModel):
    text: int
    word: str
    known: str
    score: float


class _Answer(BaseModel):
    items: list[_Pair]


def synonyms_propose() -> int:
    """Look for synonyms in what was searched lately; the number of proposals, old and new. Again, it changes nothing.

    A pair that somebody has decided on, or that a rule has already, is not proposed. Without the service nothing is.
    """
    totals = texts_searched_most(days=_DAYS, least=_LEAST_SEARCHES, limit=_TEXTS)
    if not totals:
        return 0
    try:
        question = {"texts": [text for text, _ in totals]}
        answer = _Answer.model_validate(
            ai_ask("semantic_search", "/v1/synonyms", question, deadline_s=_DEADLINE_S)
        )
    except (AiUnavailable, ValidationError) as error:
        log.warning("no synonyms proposed", reason=type(error).__name__)
        return 0
    return _store([pair for pair in answer.items if 0 <= pair.text < len(totals)], totals)


@transaction.atomic
def synonym_proposals_decide(*, ids: list[int], approved: bool) -> int:
    """Approve or reject open proposals; those that are decided already stay as they are. The number decided now.

    An approved one becomes a rule, which searches use as soon as this has committed.
    """
    # Closed in the order of their ids, by one statement: of two people deciding at once one finds nothing left.
    state = SynonymProposal.State.APPROVED if approved else SynonymProposal.State.REJECTED
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE search_synonymproposal SET state = %s WHERE id = ANY(%s) AND state = 'open' RETURNING word, known",
            [state, ids],
        )
        decided = cursor.fetchall()
    if approved and decided:
        rules = [SearchSynonym(rule=f"{word}, {known}") for word, known in sorted(decided)]
        SearchSynonym.objects.bulk_create(rules, ignore_conflicts=True)
        synonyms_changed()
    return len(decided)


def _store(pairs: list[_Pair], totals: list[tuple[str, int]]) -> int:
    """Keep each pair of words once, with the searches of all its texts; ``totals`` begin with the most searched."""
    known = synonym_choices(rule for _, rule in synonym_rules())
    texts: dict[tuple[str, str], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.known not in known.get(pair.word, []):
            texts[pair.word, pair.known].append(pair)
    columns: list[Any] = [
        [word for word, _ in texts],
        [other for _, other in texts],
        [found[0].score for found in texts.values()],
        [sum(totals[pair.text][1] for pair in found) for found in texts.values()],
        [totals[min(pair.text for pair in found)][0] for found in texts.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, columns)
    return len(texts)
