"""How the database and Redis feel, as seen by a client: there may be no exporter beside a managed server."""

from typing import Final

from prometheus_client import Gauge

from apps.core.measures import gauges_read
from apps.core.redis_client import redis_client

_MODE: Final = "livemax"
CONNECTIONS = Gauge("meshop_database_connections", "Connections to the database.", multiprocess_mode=_MODE)
CONNECTIONS_MAX = Gauge(
    "meshop_database_connections_max", "Connections that it allows.", multiprocess_mode=_MODE
)
WAITING = Gauge("meshop_database_waiting", "Sessions that wait for a lock.", multiprocess_mode=_MODE)
LONGEST = Gauge(
    "meshop_database_longest_transaction_seconds", "Age of the oldest transaction.", multiprocess_mode=_MODE
)
SIZE = Gauge("meshop_database_size_bytes", "Size of the database.", multiprocess_mode=_MODE)
COMMITS = Gauge("meshop_database_commits", "Commits since its statistics began.", multiprocess_mode=_MODE)
ROLLBACKS = Gauge("meshop_database_rollbacks", "Rollbacks since then.", multiprocess_mode=_MODE)
DEADLOCKS = Gauge("meshop_database_deadlocks", "Deadlocks since then.", multiprocess_mode=_MODE)
CACHED = Gauge(
    "meshop_database_cache_hit_ratio", "Share of reads that needed no disk.", multiprocess_mode=_MODE
)
REDIS_UP = Gauge("meshop_redis_up", "1 while Redis answers the relay.", multiprocess_mode=_MODE)
REDIS_MEMORY = Gauge("meshop_redis_memory_bytes", "Memory that Redis uses.", multiprocess_mode=_MODE)
REDIS_MEMORY_MAX = Gauge("meshop_redis_memory_max_bytes", "Memory that it may use.", multiprocess_mode=_MODE)
REDIS_CLIENTS = Gauge("meshop_redis_clients", "Connections to Redis.", multiprocess_mode=_MODE)
REDIS_EVICTED = Gauge(
    "meshop_redis_evicted_keys", "Keys that had to go for want of memory.", multiprocess_mode=_MODE
)

_ACTIVITY = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
       (SELECT setting::int FROM pg_settings WHERE name = 'max_connections'),
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'),
       (SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()),
       pg_database_size(current_database()),
       xact_commit, xact_rollback, deadlocks, blks_hit::float / greatest(1, blks_hit + blks_read)
FROM pg_stat_database WHERE datname = current_database()
"""


def database_measure() -> None:
    """Read PostgreSQL's statistics."""
    gauges_read(
        _ACTIVITY, CONNECTIONS, CONNECTIONS_MAX, WAITING, LONGEST, SIZE, COMMITS, ROLLBACKS, DEADLOCKS, CACHED
    )


def redis_measure() -> None:
    """Read Redis's. Raises ``redis.RedisError`` when it is away."""
    REDIS_UP.set(0)
    info = redis_client().info()
    REDIS_UP.set(1)
    REDIS_MEMORY.set(info["used_memory"])
    REDIS_MEMORY_MAX.set(info["maxmemory"])
    REDIS_CLIENTS.set(info["connected_clients"])
    REDIS_EVICTED.set(info["evicted_keys"])
