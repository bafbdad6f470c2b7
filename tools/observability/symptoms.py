# ruff: noqa: E501 - expressions and sentences are read in one piece
"""Alerts on what customers, merchants or staff would notice, or soon will. Each has a case in the tests."""

from tools.observability.alerting import OURS, Alert
from tools.observability.symptoms_commerce import COMMERCE

PLATFORM = (
    Alert(
        "TargetDown", "page", lambda w: f"up{{{OURS}}} == 0", 2,
        "{{ $labels.job }} does not show its metrics.",
        "A program of Meshop is down or cut off. Which customers notice depends on what it is; others of its kind may "
        "do its work.",
        "`kubectl get pods`, its log, and whether Prometheus may reach it (the platform chart's `dependencies`).",
        "Let Kubernetes start it again; if it does not come up, undo the last change.",
    ),
    Alert(
        "BackendErrors", "page",
        lambda w: 'sum by (service) (rate(meshop_http_requests_total{service!="gateway",status=~"5.."}['
        f'{w(5)}])) / sum by (service) (rate(meshop_http_requests_total{{service!="gateway"}}[{w(5)}])) > 0.05', 3,
        "More than one in twenty requests to {{ $labels.service }} fails.",
        "The gateway repeats what may be repeated, and its breaker answers 503 when that does not help.",
        "`unhandled error` in the log of the service, with the trace id of each.",
        "Undo the last change; if a datastore is away, follow its alert.",
    ),
    Alert(
        "BackendSlow", "ticket",
        lambda w: "histogram_quantile(0.95, sum by (le, service) (rate(meshop_http_request_seconds_bucket"
        f'{{service!="gateway"}}[{w(5)}]))) > 1', 5,
        "One in twenty requests to {{ $labels.service }} takes longer than a second.",
        "Pages come slowly; beyond its deadlines the gateway gives requests up.",
        "Traces of slow requests; `meshop_database_waiting` and the longest transaction.",
        "More replicas if it is load (`kubectl get hpa`); end the session that holds locks if it is one.",
    ),
    Alert(
        "BreakerOpen", "page", lambda w: "max by (dependency) (meshop_breaker_open) == 1", 1,
        "The breaker in front of {{ $labels.dependency }} is open.",
        "Nobody waits for it any more; its fallback answers, or a refusal where there is none.",
        "The log line `breaker changed`, and the dependency itself.",
        "Bring the dependency back: the breaker closes by itself after one good answer.",
    ),
    Alert(
        "GatewayShedding", "page", lambda w: f"sum by (route) (rate(meshop_gateway_shed_total[{w(5)}])) > 1", 2,
        "The gateway refuses requests to {{ $labels.route }} because they would wait too long.",
        "Some customers are told to try again (503 with Retry-After), so that the others are served.",
        "The capacity dashboard; whether the backend is slow or the crowd is large.",
        "More replicas of what is slow; find the cause if there is no crowd.",
    ),
    Alert(
        "GatewayLoopLag", "ticket",
        lambda w: f"histogram_quantile(0.99, sum by (le) (rate(meshop_gateway_loop_lag_seconds_bucket[{w(5)}]))) > 0.1",
        5,
        "The gateway's event loop is late by more than 100 ms.",
        "All requests of that gateway are slower by so much.",
        "CPU of the gateway's pods, and its log.",
        "More replicas; the loop of one is one core.",
    ),
    Alert(
        "RateLimitSurge", "ticket", lambda w: f"sum(rate(meshop_gateway_rate_limited_total[{w(5)}])) > 20", 5,
        "More than 20 requests a second are over a limit.",
        "Somebody tries passwords or copies the catalogue; others are not hindered.",
        "`note=rate_limited` in the gateway's log, by client.",
        "Nothing, if it is one client. Block its network at the ingress if it goes on.",
    ),
    Alert(
        "OutboxStuck", "page", lambda w: "max(meshop_outbox_age_seconds) > 30", 1,
        "An event has waited for more than 30 seconds to be published.",
        "Orders are taken and paid, but no mail, no webhook and no change of the index follows.",
        "The relay's log: `broker unavailable` or `database unavailable`; `meshop_relay_failures_total`.",
        "Bring the broker back. The relay goes on by itself, and nothing is lost.",
    ),
    Alert(
        "RelayAbsent", "page", lambda w: "absent(meshop_outbox_age_seconds)", 2,
        "No relay shows its metrics.",
        "As OutboxStuck; besides, nobody measures backlogs and datastores.",
        "`kubectl get pods -l app.kubernetes.io/name=relay`.",
        "Start it. Several may run.",
    ),
    Alert(
        "DeadLetters", "ticket", lambda w: f"max(meshop_event_dead_letters) > max(meshop_event_dead_letters offset {w(10)})",
        0, "Deliveries of events were given up.",
        "What the consumer does about these events has not happened: a mail, a row of a report.",
        "Dead letters in the admin (Core, event retries), with the error of each; `manage.py deadletters list`.",
        "Mend the cause, then replay them (`manage.py deadletters replay`): the inbox keeps effects single.",
    ),
    Alert(
        "EventRetries", "ticket", lambda w: "max(meshop_event_retries) > 20", 2,
        "More than 20 failed deliveries wait to be repeated.",
        "Effects of events are late; after eight attempts they become dead letters.",
        "`event failed` in the workers' logs, by consumer.",
        "Mend the consumer or what it needs.",
    ),
    Alert(
        "QueueBacklog", "ticket", lambda w: 'max by (queue) (meshop_queue_messages{queue!~".*[.]dead"}) > 500', 5,
        "More than 500 messages wait in the queue {{ $labels.queue }}.",
        "What that queue does is late: mails, webhooks, the index, reports.",
        "The dashboard of queues and workers: do workers take messages, and how long do they take?",
        "More workers for that queue; if they fail, mend what fails.",
    ),
    Alert(
        "WorkersIdle", "page", lambda w: f"(sum(rate(meshop_tasks_total[{w(5)}])) or vector(0)) == 0", 3,
        "No worker has ended a task for minutes, though the clock sends some every few seconds.",
        "Mails, webhooks, the index and expiry of orders stand still.",
        "Workers and beat: `kubectl get pods`, their logs; the broker.",
        "Start what is down. What waits is done then.",
    ),
    Alert(
        "TasksFailing", "ticket",
        lambda w: f'sum by (task) (rate(meshop_tasks_total{{state="failure"}}[{w(10)}])) > 0.01', 5,
        "{{ $labels.task }} fails again and again.",
        "What it does by the clock is not done.",
        "Its exception in the worker's log.",
        "Mend it; every task may run late and twice.",
    ),
    Alert(
        "EventsLate", "ticket",
        lambda w: "histogram_quantile(0.95, sum by (le, consumer) "
        f"(rate(meshop_event_lag_seconds_bucket[{w(10)}]))) > 30", 5,
        "One in twenty events reaches {{ $labels.consumer }} after more than 30 seconds.",
        "Its effects are late.",
        "Outbox, queue and worker, in this order: where does it wait?",
        "As for OutboxStuck or QueueBacklog.",
    ),
    Alert(
        "BrokerDown", "page", lambda w: "max(meshop_broker_up) == 0", 1,
        "The broker does not answer.",
        "Orders are taken; everything that follows them waits in the outbox.",
        "RabbitMQ itself, and whether the relay may reach it.",
        "Bring it back; nothing is lost.",
    ),
    Alert(
        "RedisDown", "page", lambda w: "max(meshop_redis_up) == 0 or min(meshop_gateway_redis_up) == 0", 1,
        "Redis does not answer.",
        "Caches are cold and limits are kept by each gateway alone; the shop works, slower.",
        "Redis itself; memory first.",
        "Bring it back. It holds nothing that cannot be made anew, unless it is the broker too.",
    ),
    Alert(
        "RedisMemoryHigh", "ticket",
        lambda w: "max(meshop_redis_memory_bytes) / (max(meshop_redis_memory_max_bytes) > 0) > 0.9", 5,
        "Redis uses more than nine tenths of its memory.",
        "Cached answers are evicted early; where it is the broker, publishing may be refused.",
        "The datastores dashboard: evicted keys.",
        "Raise its memory.",
    ),
    Alert(
        "DatabaseConnectionsHigh", "page",
        lambda w: "max(meshop_database_connections) / max(meshop_database_connections_max) > 0.85", 3,
        "More than 85 % of the database's connections are in use.",
        "New replicas will be refused, and requests with them.",
        "`pg_stat_activity` by application; the number of replicas times threads.",
        "Fewer replicas, or a pooler before the database, or a larger `max_connections`.",
    ),
    Alert(
        "DatabaseLocks", "page", lambda w: "max(meshop_database_waiting) > 5", 2,
        "More than five sessions wait for locks.",
        "Orders of the same articles stand in line.",
        "`pg_blocking_pids` in `pg_stat_activity`; the longest transaction.",
        "End the session that holds the lock (`pg_terminate_backend`).",
    ),
    Alert(
        "DatabaseLongTransaction", "ticket", lambda w: "max(meshop_database_longest_transaction_seconds) > 300", 5,
        "A transaction is older than five minutes.",
        "Old versions of rows cannot be removed, and the tables grow.",
        "`pg_stat_activity` by `xact_start`.",
        "End it, unless it is a backup or a reindex.",
    ),
    Alert(
        "DatabaseDeadlocks", "ticket", lambda w: f"max(delta(meshop_database_deadlocks[{w(15)}])) > 0", 0,
        "The database had to resolve a deadlock.",
        "One request failed and was repeated or refused. Ours lock in one order, so this is a mistake.",
        "The database's log names both statements.",
        "Report both statements.",
    ),
    Alert(
        "MemoryGrowing", "ticket",
        lambda w: f"deriv(meshop_process_resident_bytes[{w(30)}]) * {30 * 60} > 150e6", 10,
        "{{ $labels.service }} has grown by more than 150 MB in half an hour.",
        "It will reach its limit and be started again in the middle of requests.",
        "Whether load grew too; which release it began with.",
        "Undo that release; a rolling restart buys time.",
    ),
    Alert(
        "MeasureFailing", "ticket", lambda w: f"sum by (measure) (rate(meshop_measure_failures_total[{w(10)}])) > 0.02", 5,
        "The relay cannot make the measurement {{ $labels.measure }}.",
        "Some alerts are blind.",
        "`not measured` in the relay's log.",
        "Bring back what it asks.",
    ),
)  # fmt: skip

SYMPTOMS = (*PLATFORM, *COMMERCE)
