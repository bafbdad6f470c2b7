"""What people search and what they miss, for merchandisers: counts by day and text, never by person.

Searches are counted in Redis, which costs them one command, and written down once a minute. A text that looks like a
person's (an address of mail, a long number) is not kept. At most ``MAX_TEXTS`` texts are new in a minute and
``MAX_A_DAY`` on a day, so that nobody can fill the table; counts of a minute are lost when Redis is.
"""

import re
from datetime import timedelta
from typing import cast

import redis
import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.core.events import event_emit
from apps.core.redis_client import redis_client
from apps.search.models import MAX_TEXT, SearchedText
from apps.search.texts import normalise

KEY = "search:texts"
TAKEN = "search:texts:taken"
MAX_TEXTS = 5_000
MAX_A_DAY = 20_000
KEEP_DAYS = 90
_PERSONAL = re.compile(r"@|\d[\d ()./-]{7,}\d")
_COUNT = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[3])
end
"""
#: Searches of a text are counted in the upper part of one number, those in vain in the lower.
_SEARCH = 1 << 24
_STORE = """
INSERT INTO search_searchedtext (day, text, searches, in_vain)
SELECT %s, text, searches, in_vain FROM unnest(%s::text[], %s::int[], %s::int[]) AS new (text, searches, in_vain)
WHERE (SELECT count(*) FROM search_searchedtext WHERE day = %s) < %s
    OR EXISTS (SELECT 1 FROM search_searchedtext known WHERE known.day = %s AND known.text = new.text)
ORDER BY text
ON CONFLICT (day, text) DO UPDATE SET
    searches = search_searchedtext.searches + excluded.searches,
    in_vain = search_searchedtext.in_vain + excluded.in_vain
RETURNING id
"""
#: Texts that one event names.
_NAMED = 1_000

log = structlog.get_logger(__name__)


def query_count(*, text: str, found: int) -> None:
    """Count a search. Never fails and never waits long: without Redis it is not counted."""
    text = normalise(text)[:MAX_TEXT]
    if not text or _PERSONAL.search(text):
        return
    try:
        redis_client().eval(_COUNT, 1, KEY, text, MAX_TEXTS, _SEARCH if found else _SEARCH + 1)
    except redis.RedisError as error:
        log.debug("search not counted", reason=type(error).__name__)


def query_log_flush() -> int:
    """Write down what was counted since the last time; return how many texts.

    What was taken and not written down by a flush that died is taken by the next one. The counts leave Redis before the
    transaction commits, so they are written at most once.
    """
    try:
        with transaction.atomic():
            return _flush(redis_client()) if _alone() else 0
    except redis.RedisError as error:
        log.warning("searches not written down", reason=type(error).__name__)
        return 0


def query_log_prune() -> int:
    """Forget days that are long gone."""
    old = SearchedText.objects.filter(day__lt=timezone.now().date() - timedelta(days=KEEP_DAYS))
    return old.delete()[0]


def _alone() -> bool:
    """Whether no other flush is at work, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [KEY])
        return bool(cursor.fetchone()[0])


def _flush(client: redis.Redis) -> int:
    if not client.exists(TAKEN) and client.exists(KEY):
        client.rename(KEY, TAKEN)
    counts = cast("dict[bytes, bytes]", client.hgetall(TAKEN))
    if counts:
        _store({text.decode(): divmod(int(number), _SEARCH) for text, number in counts.items()})
        client.delete(TAKEN)
    return len(counts)


def _store(texts: dict[str, tuple[int, int]]) -> None:
    day = timezone.now().date()
    searches = [number for number, _ in texts.values()]
    in_vain = [number for _, number in texts.values()]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [day, list(texts), searches, in_vain, day, MAX_A_DAY, day])
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), _NAMED):
        named = ids[start : start + _NAMED]
        event_emit(type="searches.counted", aggregate=f"search:{day}", payload={"text_ids": named})
