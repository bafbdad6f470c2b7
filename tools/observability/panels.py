# ruff: noqa: E501 - expressions are read in one piece
"""What the dashboards show. Windows are Grafana's ``$__rate_interval``; the preview and the tests put one in."""

from dataclasses import dataclass

from tools.observability.slo import OBJECTIVES

#: Metrics that programs of others export.
FOREIGN = frozenset(
    {
        # prometheus-client, of programs with one process
        "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
        # Prometheus
        "up",
        # Envoy, where there is a mesh: what Istio keeps of its own statistics by default
        "envoy_server_live", "envoy_server_memory_allocated", "envoy_server_total_connections",
        "envoy_cluster_manager_active_clusters", "envoy_listener_manager_total_listeners_active",
        "envoy_cluster_manager_cds_update_rejected", "envoy_listener_manager_lds_update_rejected",
    }
)  # fmt: skip
_RATE = "[$__rate_interval]"


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot: expressions with their legends, and a unit of Grafana's."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    says: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard: its file's name, and rows of panels."""

    uid: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]


def _rate(metric: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}{_RATE}))"


def _quantile(q: float, metric: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({metric}_bucket{{{where}}}{_RATE})))"


def _panel(title: str, unit: str, *queries: tuple[str, str], says: str = "") -> Panel:
    return Panel(title, unit, queries, says)


def _gauges(title: str, unit: str, *metrics: tuple[str, str], says: str = "") -> Panel:
    return Panel(title, unit, tuple((f"max({metric})", legend) for metric, legend in metrics), says)


_SLOS = tuple(
    _panel(
        f"Budget of {objective.name} used by the hour",
        "percentunit",
        (f"{objective.record(60)} / {objective.budget:g}", "times as fast as allowed"),
        says=f"{objective.target:.1%} of {objective.what}. 1 is what may be used; 14.4 wakes somebody.",
    )
    for objective in OBJECTIVES
)
_ERRORS = 'status=~"5.."'

OVERVIEW = Board("meshop-overview", "Meshop: overview", (
    ("Promises", _SLOS),
    ("Now", (
        _panel("Requests", "reqps", (_rate("meshop_http_requests_total", "service"), "{{service}}")),
        _panel("Failed requests", "reqps", (_rate("meshop_http_requests_total", "service", _ERRORS) + " or vector(0)", "{{service}}")),
        _panel("Orders", "ops", (_rate("meshop_orders_total", "step"), "{{step}}")),
        _gauges("Oldest that waits", "s", ("meshop_outbox_age_seconds", "event"), ("meshop_mail_lag_seconds", "mail"),
                ("meshop_webhook_lag_seconds", "webhook"), ("meshop_search_lag_seconds", "index")),
        _panel("Breakers", "short", ("max by (dependency) (meshop_breaker_open) or vector(0)", "{{dependency}}")),
        _panel("Targets", "short", ("sum by (job) (up)", "{{job}}")),
    )),
))  # fmt: skip
API = Board("meshop-api", "Meshop: API", (
    ("Gateway", (
        _panel("Requests by route", "reqps", (_rate("meshop_http_requests_total", "route", 'service="gateway"'), "{{route}}")),
        _panel("By status", "reqps", (_rate("meshop_http_requests_total", "status", 'service="gateway"'), "{{status}}")),
        _panel("Latency", "s", *((_quantile(q, "meshop_http_request_seconds", "service", 'service="gateway"'), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99))),
        _panel("Cache", "reqps", (_rate("meshop_gateway_cache_total", "outcome"), "{{outcome}}")),
        _panel("Refused or repeated", "reqps",
               ("sum(rate(meshop_gateway_rate_limited_total[$__rate_interval])) or vector(0)", "over a limit"),
               ("sum(rate(meshop_gateway_shed_total[$__rate_interval])) or vector(0)", "shed"),
               ("sum(rate(meshop_gateway_retries_total[$__rate_interval])) or vector(0)", "repeated"),
               ("sum(rate(meshop_gateway_hedges_total[$__rate_interval])) or vector(0)", "hedged"),
               ("sum(rate(meshop_gateway_fallbacks_total[$__rate_interval])) or vector(0)", "fallback")),
        _panel("Breakers that changed", "ops", ("sum by (upstream, state) (rate(meshop_gateway_breaker_changes_total[$__rate_interval])) or vector(0)", "{{upstream}} {{state}}")),
    )),
    ("Backend", (
        _panel("Requests by route", "reqps", (f"topk(15, {_rate('meshop_http_requests_total', 'route', 'service=' + chr(34) + 'backend' + chr(34))})", "{{route}}")),
        _panel("Failures by route", "reqps", (_rate("meshop_http_requests_total", "route", 'service="backend",' + _ERRORS) + " or vector(0)", "{{route}}")),
        _panel("95th percentile by route", "s", (f"topk(15, {_quantile(0.95, 'meshop_http_request_seconds', 'route', 'service=' + chr(34) + 'backend' + chr(34))})", "{{route}}")),
    )),
))  # fmt: skip
MONEY = Board("meshop-money", "Meshop: checkout and money", (
    ("Orders", (
        _panel("Steps", "ops", (_rate("meshop_orders_total", "step"), "{{step}}")),
        _panel("Revenue by the hour, minor units", "short", ("sum by (currency) (increase(meshop_revenue_minor_total[1h]))", "{{currency}}")),
        _panel("Checkout latency", "s", (_quantile(0.95, "meshop_http_request_seconds", "route", 'service="backend",method="POST",route=~"/api/(orders|payments)/.*"'), "{{route}}")),
    )),
    ("Payments", (
        _panel("By status", "ops", (_rate("meshop_payments_total", "status") + " or vector(0)", "{{status}}")),
        _panel("Webhooks of the provider", "ops", (_rate("meshop_payment_webhooks_total", "outcome") + " or vector(0)", "{{outcome}}")),
        _panel("Mended by the reconciler", "ops", (_rate("meshop_payment_mended_total", "what") + " or vector(0)", "{{what}}")),
        _gauges("Events not applied", "s", ("meshop_payment_events_age_seconds", "age of the oldest"), ("meshop_payment_events_waiting", "waiting")),
    )),
    ("Stock", (
        _panel("Oversell guard", "ops", ("sum(rate(meshop_stock_refusals_total[$__rate_interval]))", "refused"), ("sum(rate(meshop_stock_reservations_lost_total[$__rate_interval]))", "reservation lost")),
        _gauges("Items whose ledger disagrees", "short", ("meshop_stock_drift_items", "items")),
        _gauges("Overdue reservations", "s", ("meshop_orders_overdue_seconds", "overdue by"), ("meshop_orders_overdue", "how many")),
    )),
))  # fmt: skip
SEARCH = Board("meshop-search", "Meshop: search and reindex", (
    ("Search", (
        _panel("Answered by", "reqps", (_rate("meshop_searches_total", "source, why") + " or vector(0)", "{{source}} {{why}}")),
        _panel("Latency", "s", (_quantile(0.95, "meshop_http_request_seconds", "route", 'service="backend",route=~".*search.*"'), "{{route}}")),
        _gauges("Products that meaning knows", "short", ("meshop_semantic_products", "products"), ("meshop_visual_pictures", "pictures")),
    )),
    ("Index", (
        _gauges("Behind by", "s", ("meshop_search_lag_seconds", "oldest change")),
        _gauges("To be indexed", "short", ("meshop_search_dirty_products", "products"), ("meshop_search_dirty_vectors", "vectors")),
        _panel("Generations", "short", ("max by (state) (meshop_index_generations)", "{{state}}")),
        _gauges("Reindex", "short", ("meshop_index_documents", "documents built"), ("meshop_index_open_seconds", "seconds since it began")),
    )),
))  # fmt: skip
AI = Board("meshop-ai", "Meshop: AI", (
    ("As the shop sees them", (
        _panel("Questions by outcome", "reqps", (_rate("meshop_ai_calls_total", "service, outcome"), "{{service}} {{outcome}}")),
        _panel("Degraded share", "percentunit", ('sum by (service) (rate(meshop_ai_calls_total{outcome=~"failed|refused|absent"}[$__rate_interval])) / sum by (service) (rate(meshop_ai_calls_total[$__rate_interval])) or vector(0)', "{{service}}")),
    )),
    ("The services", (
        _panel("Answers by source", "reqps", (_rate("meshop_ai_answers_total", "service, source"), "{{service}} {{source}}")),
        _panel("95th percentile", "s", (_quantile(0.95, "meshop_http_request_seconds", "service", 'service!~"gateway|backend"'), "{{service}}")),
        _panel("Decisions not written down", "ops", (_rate("meshop_ai_decisions_lost_total", "service") + " or vector(0)", "{{service}}")),
        _panel("Language model", "ops", (_rate("meshop_chatbot_llm_total", "outcome") + " or vector(0)", "{{outcome}}")),
    )),
    ("Fraud", (
        _panel("Orders by what is done", "ops", (_rate("meshop_fraud_actions_total", "source, action") + " or vector(0)", "{{source}} {{action}}")),
        _gauges("Waiting for a person", "short", ("meshop_fraud_reviews_waiting", "orders"), ("meshop_fraud_review_age_seconds / 3600", "hours of the oldest")),
        _panel("Drift", "short", ("max by (feature) (meshop_fraud_psi) or vector(0)", "{{feature}}"), ("max(meshop_fraud_drift_alarm)", "alarm")),
        _panel("Truth that became known", "ops", (_rate("meshop_fraud_labels_total", "fraud") + " or vector(0)", "fraud: {{fraud}}")),
    )),
    ("Models", (
        _panel("Versions that answer", "short", ("sum by (service, version) (meshop_ai_model_loaded)", "{{service}} {{version}}")),
        _panel("Age of the model", "s", ("time() - min by (service) (meshop_ai_model_created_timestamp_seconds)", "{{service}}")),
        _panel("Loads", "ops", (_rate("meshop_ai_model_loads_total", "service, outcome"), "{{service}} {{outcome}}")),
        _panel("Looks at pictures", "ops", (_rate("meshop_visual_looks_total", "outcome") + " or vector(0)", "{{outcome}}")),
    )),
))  # fmt: skip
OPERATOR = Board("meshop-operator", "Meshop: operator", (
    ("Rollouts", (
        _panel("Weight of the canary", "percent", ("max by (service) (meshop_rollout_weight)", "{{service}}")),
        _panel("What analyses saw", "short", ("max by (service, metric, track) (meshop_rollout_analysis_value)", "{{service}} {{metric}} {{track}}")),
        _panel("Transitions", "ops", (_rate("meshop_operator_transitions_total", "kind, phase, reason"), "{{kind}} {{phase}} {{reason}}")),
        _panel("Time in a phase, p95", "s", (_quantile(0.95, "meshop_operator_phase_seconds", "kind, phase"), "{{kind}} {{phase}}")),
    )),
    ("The operator itself", (
        _panel("Speed of a rebuild", "ops", ("max by (name) (meshop_reindex_documents_per_second)", "{{name}}")),
        _panel("Leaders", "short", ("sum(meshop_operator_leader)", "leaders"), says="One, or nobody works; two, and they would fight."),
        _panel("Time of a look, p95", "s", (_quantile(0.95, "meshop_operator_reconcile_seconds", "kind"), "{{kind}}")),
        _panel("Looks that failed", "ops", (_rate("meshop_operator_reconcile_failures_total", "kind, error"), "{{kind}} {{error}}")),
    )),
))  # fmt: skip
QUEUES = Board("meshop-queues", "Meshop: queues and workers", (
    ("Outbox", (
        _panel("Published", "ops", (_rate("meshop_events_published_total", "type"), "{{type}}")),
        _gauges("Waiting", "short", ("meshop_outbox_waiting", "outbox"), ("meshop_event_retries", "to be repeated"), ("meshop_event_dead_letters", "dead letters")),
        _panel("Written to published", "s", ("histogram_quantile(0.95, sum by (le) (rate(meshop_event_publish_seconds_bucket[$__rate_interval])))", "p95")),
        _panel("Rounds given up", "ops", (_rate("meshop_relay_failures_total", "reason") + " or vector(0)", "{{reason}}")),
    )),
    ("Queues", (
        _panel("Messages", "short", ("max by (queue) (meshop_queue_messages)", "{{queue}}")),
        _panel("Deliveries", "ops", (_rate("meshop_event_deliveries_total", "consumer, outcome"), "{{consumer}} {{outcome}}")),
        _panel("Written to effect, p95", "s", (_quantile(0.95, "meshop_event_lag_seconds", "consumer"), "{{consumer}}")),
    )),
    ("Workers", (
        _panel("Tasks ended", "ops", (_rate("meshop_tasks_total", "task, state"), "{{task}} {{state}}")),
        _panel("Tasks, p95", "s", (_quantile(0.95, "meshop_task_seconds", "task"), "{{task}}")),
        _panel("At work", "short", ("sum(meshop_tasks_running)", "tasks")),
        _panel("Mails", "ops", (_rate("meshop_mails_total", "template, state"), "{{template}} {{state}}")),
        _panel("Webhooks", "ops", (_rate("meshop_webhook_attempts_total", "outcome") + " or vector(0)", "{{outcome}}"), ("sum(rate(meshop_webhook_endpoints_disabled_total[$__rate_interval]))", "endpoints disabled")),
        _panel("Merchants' latency, p95", "s", ("histogram_quantile(0.95, sum by (le) (rate(meshop_webhook_seconds_bucket[$__rate_interval]))) >= 0 or vector(0)", "p95"), says="0 while no webhook is due."),
        _gauges("Due", "short", ("meshop_mails_waiting", "mails"), ("meshop_webhook_deliveries_waiting", "webhooks")),
    )),
))  # fmt: skip
MESH = Board("meshop-mesh", "Meshop: mesh", (
    ("Sidecars", (
        _panel("Alive", "short", ("sum(envoy_server_live)", "sidecars")),
        _panel("Memory", "bytes", ("sum by (pod) (envoy_server_memory_allocated)", "{{pod}}")),
        _panel("Connections", "short", ("sum by (pod) (envoy_server_total_connections)", "{{pod}}")),
        _panel("Clusters and listeners", "short", ("max(envoy_cluster_manager_active_clusters)", "clusters"), ("max(envoy_listener_manager_total_listeners_active)", "listeners")),
        _panel("Configuration refused", "ops", ("sum(rate(envoy_cluster_manager_cds_update_rejected[$__rate_interval])) + sum(rate(envoy_listener_manager_lds_update_rejected[$__rate_interval]))", "updates")),
    )),
))  # fmt: skip
DATASTORES = Board("meshop-datastores", "Meshop: datastores", (
    ("PostgreSQL", (
        _gauges("Connections", "short", ("meshop_database_connections", "used"), ("meshop_database_connections_max", "allowed")),
        _panel("Transactions", "ops", ("max(deriv(meshop_database_commits[5m]))", "commits"), ("max(deriv(meshop_database_rollbacks[5m]))", "rollbacks")),
        _gauges("Waiting for locks", "short", ("meshop_database_waiting", "sessions"), ("meshop_database_deadlocks", "deadlocks so far")),
        _gauges("Longest transaction", "s", ("meshop_database_longest_transaction_seconds", "age")),
        _gauges("Size", "bytes", ("meshop_database_size_bytes", "database")),
        _gauges("Reads without disk", "percentunit", ("meshop_database_cache_hit_ratio", "share")),
    )),
    ("Redis and the broker", (
        _panel("Up", "short", ("max(meshop_redis_up)", "Redis (relay)"), ("min(meshop_gateway_redis_up)", "Redis (gateway)"), ("max(meshop_broker_up)", "broker")),
        _gauges("Memory", "bytes", ("meshop_redis_memory_bytes", "used"), ("meshop_redis_memory_max_bytes", "allowed")),
        _gauges("Clients", "short", ("meshop_redis_clients", "clients")),
        _gauges("Evicted", "short", ("meshop_redis_evicted_keys", "keys so far")),
        _panel("Measurements that failed", "ops", (_rate("meshop_measure_failures_total", "measure") + " or vector(0)", "{{measure}}")),
    )),
))  # fmt: skip
CAPACITY = Board("meshop-capacity", "Meshop: capacity", (
    ("Use", (
        _panel("In flight", "short", ("sum by (service) (meshop_http_requests_in_flight)", "{{service}}")),
        _panel("Places at the gateway", "short", ("sum by (route) (meshop_gateway_concurrency_limit)", "{{route}}"), says="What the adaptive limit allows each route."),
        _panel("Delay of the event loop", "s", *((f"histogram_quantile({q}, sum by (le) (rate(meshop_gateway_loop_lag_seconds_bucket[$__rate_interval])))", f"p{q * 100:g}") for q in (0.5, 0.99))),
        _panel("Route tables read", "ops", (_rate("meshop_gateway_route_reloads_total", "outcome") + " or vector(0)", "{{outcome}}")),
    )),
    ("Processes", (
        _panel("Memory of request servers", "bytes", ("sum by (service) (meshop_process_resident_bytes)", "{{service}}")),
        _panel("Memory of the others", "bytes", ("sum by (job) (process_resident_memory_bytes)", "{{job}}")),
        _panel("CPU", "short", ("sum by (job) (rate(process_cpu_seconds_total[$__rate_interval]))", "{{job}}")),
        _panel("Open files", "short", ("max by (job) (process_open_fds)", "{{job}}")),
    )),
))  # fmt: skip
BOARDS = (OVERVIEW, API, MONEY, SEARCH, AI, OPERATOR, QUEUES, MESH, DATASTORES, CAPACITY)
