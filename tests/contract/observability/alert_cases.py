"""For every alert the series in which it fires and, one thing different, those in which it does not.

Values are in promtool's notation, one a minute: ``0+60x40`` grows by 60 a minute for 40 minutes.
"""

from dataclasses import dataclass

Series = dict[str, str]


@dataclass(frozen=True)
class Case:
    """What Prometheus sees when an alert fires, and when it does not; both are looked at after ``minutes``."""

    fires: Series
    quiet: Series
    minutes: int = 35


def requests(service, good, bad, *, route="/api/*", method="GET", minutes=40):
    labels = f'service="{service}",method="{method}",route="{route}"'
    return {
        f'meshop_http_requests_total{{{labels},status="200"}}': f"0+{good}x{minutes}",
        f'meshop_http_requests_total{{{labels},status="500"}}': f"0+{bad}x{minutes}",
    }


def latencies(service, fast, slow, *, minutes=40):
    labels = f'service="{service}",method="GET",route="/api/*"'
    return {
        f'meshop_http_request_seconds_bucket{{{labels},le="0.5"}}': f"0+{fast}x{minutes}",
        f'meshop_http_request_seconds_bucket{{{labels},le="10.0"}}': f"0+{fast + slow}x{minutes}",
        f'meshop_http_request_seconds_bucket{{{labels},le="+Inf"}}': f"0+{fast + slow}x{minutes}",
        f"meshop_http_request_seconds_count{{{labels}}}": f"0+{fast + slow}x{minutes}",
    }


def gauge(series, high, low, minutes=35):
    return Case({series: f"{high}x{minutes + 5}"}, {series: f"{low}x{minutes + 5}"}, minutes)


def ended(bad_then_good_minutes, series):
    """The same, but it has stopped a while ago: the short window says so."""
    return {key: f"{values} {_flat(values)}x{bad_then_good_minutes}" for key, values in series.items()}


def _flat(values):
    step, times = values.removeprefix("0+").split("x")
    return f"{int(step) * int(times)}+0"


CASES = {
    # 2 % bad is 20 times the budget of availability, 0.8 % is 8 times, 0.3 % is 3 times.
    "AvailabilityBurnFast": Case(
        requests("gateway", 980, 20, minutes=90), requests("gateway", 990, 10, minutes=90), 80
    ),
    "AvailabilityBurnMedium": Case(
        requests("gateway", 992, 8, minutes=400), requests("gateway", 996, 4, minutes=400), 390
    ),
    "AvailabilityBurnSlow": Case(
        requests("gateway", 9970, 30, minutes=4530), requests("gateway", 9995, 5, minutes=4530), 4470
    ),
    "LatencyBurnFast": Case(
        latencies("gateway", 800, 200, minutes=90), latencies("gateway", 900, 100, minutes=90), 80
    ),
    "LatencyBurnMedium": Case(
        latencies("gateway", 920, 80, minutes=400), latencies("gateway", 960, 40, minutes=400), 390
    ),
    "LatencyBurnSlow": Case(
        latencies("gateway", 970, 30, minutes=4530), latencies("gateway", 995, 5, minutes=4530), 4470
    ),
    **{
        f"CheckoutBurn{speed}": Case(
            requests("backend", 1000 - bad, bad, route="/api/orders/", method="POST", minutes=minutes + 20),
            # As many failures elsewhere than at the checkout.
            requests("backend", 1000 - bad, bad, route="/api/products/", method="POST", minutes=minutes + 20),
            minutes,
        )
        for speed, bad, minutes in (("Fast", 20, 80), ("Medium", 8, 390), ("Slow", 3, 4470))
    },
    "TargetDown": gauge('up{app_kubernetes_io_part_of="meshop",job="relay"}', 0, 1),
    "BackendErrors": Case(requests("backend", 900, 100), requests("backend", 970, 30)),
    "BackendSlow": Case(latencies("backend", 900, 100), latencies("backend", 960, 40)),
    "BreakerOpen": gauge('meshop_breaker_open{dependency="elasticsearch"}', 1, 0),
    "GatewayShedding": Case(
        {'meshop_gateway_shed_total{route="/api/*"}': "0+120x40"},
        {'meshop_gateway_shed_total{route="/api/*"}': "0+30x40"},
    ),
    "GatewayLoopLag": Case(
        {
            'meshop_gateway_loop_lag_seconds_bucket{le="0.1"}': "0+50x40",
            'meshop_gateway_loop_lag_seconds_bucket{le="0.5"}': "0+60x40",
            'meshop_gateway_loop_lag_seconds_bucket{le="+Inf"}': "0+60x40",
        },
        {
            'meshop_gateway_loop_lag_seconds_bucket{le="0.1"}': "0+60x40",
            'meshop_gateway_loop_lag_seconds_bucket{le="+Inf"}': "0+60x40",
        },
    ),
    "RateLimitSurge": Case(
        {'meshop_gateway_rate_limited_total{route="/api/auth/*"}': "0+1800x40"},
        {'meshop_gateway_rate_limited_total{route="/api/auth/*"}': "0+600x40"},
    ),
    "OutboxStuck": gauge("meshop_outbox_age_seconds", 45, 5),
    "RelayAbsent": Case({}, {"meshop_outbox_age_seconds": "0x40"}),
    "DeadLetters": Case(
        {"meshop_event_dead_letters": "3x30 4x10"}, {"meshop_event_dead_letters": "4x30 4x10"}
    ),
    "EventRetries": gauge("meshop_event_retries", 21, 20),
    "QueueBacklog": Case(
        {'meshop_queue_messages{queue="email"}': "501x40"},
        {'meshop_queue_messages{queue="email.dead"}': "501x40"},
    ),
    "WorkersIdle": Case(
        {'meshop_tasks_total{task="t",state="success"}': "7x40"},
        {'meshop_tasks_total{task="t",state="success"}': "0+4x40"},
    ),
    "TasksFailing": Case(
        {'meshop_tasks_total{task="t",state="failure"}': "0+1x40"},
        {'meshop_tasks_total{task="t",state="success"}': "0+1x40"},
    ),
    "EventsLate": Case(
        {
            'meshop_event_lag_seconds_bucket{consumer="c",le="30.0"}': "0+80x40",
            'meshop_event_lag_seconds_bucket{consumer="c",le="300.0"}': "0+100x40",
            'meshop_event_lag_seconds_bucket{consumer="c",le="+Inf"}': "0+100x40",
        },
        {
            'meshop_event_lag_seconds_bucket{consumer="c",le="30.0"}': "0+99x40",
            'meshop_event_lag_seconds_bucket{consumer="c",le="300.0"}': "0+100x40",
            'meshop_event_lag_seconds_bucket{consumer="c",le="+Inf"}': "0+100x40",
        },
    ),
    "BrokerDown": gauge("meshop_broker_up", 0, 1),
    "RedisDown": Case(
        {
            "meshop_redis_up": "1x40",
            'meshop_gateway_redis_up{pod="a"}': "1x40",
            'meshop_gateway_redis_up{pod="b"}': "0x40",
        },
        {
            "meshop_redis_up": "1x40",
            'meshop_gateway_redis_up{pod="a"}': "1x40",
            'meshop_gateway_redis_up{pod="b"}': "1x40",
        },
    ),
    "RedisMemoryHigh": Case(
        {"meshop_redis_memory_bytes": "95x40", "meshop_redis_memory_max_bytes": "100x40"},
        {"meshop_redis_memory_bytes": "95x40", "meshop_redis_memory_max_bytes": "0x40"},
    ),
    "DatabaseConnectionsHigh": Case(
        {"meshop_database_connections": "90x40", "meshop_database_connections_max": "100x40"},
        {"meshop_database_connections": "80x40", "meshop_database_connections_max": "100x40"},
    ),
    "DatabaseLocks": gauge("meshop_database_waiting", 6, 5),
    "DatabaseLongTransaction": gauge("meshop_database_longest_transaction_seconds", 400, 200),
    "DatabaseDeadlocks": Case(
        {"meshop_database_deadlocks": "3x30 4x10"}, {"meshop_database_deadlocks": "4x40"}
    ),
    "MemoryGrowing": Case(
        {'meshop_process_resident_bytes{service="backend"}': "300e6+8e6x60"},
        {'meshop_process_resident_bytes{service="backend"}': "300e6+2e6x60"},
        55,
    ),
    "MeasureFailing": Case(
        {'meshop_measure_failures_total{measure="m"}': "0+6x40"},
        {'meshop_measure_failures_total{measure="m"}': "6x40"},
    ),
    "PaymentsDeclined": Case(
        {
            'meshop_payments_total{status="declined"}': "0+4x40",
            'meshop_payments_total{status="succeeded"}': "0+6x40",
        },
        {
            'meshop_payments_total{status="declined"}': "0+2x40",
            'meshop_payments_total{status="succeeded"}': "0+8x40",
        },
    ),
    "PaymentEventsStuck": gauge("meshop_payment_events_age_seconds", 400, 100),
    "StockDrift": gauge("meshop_stock_drift_items", 1, 0),
    "OversellGuardBusy": Case(
        {"meshop_stock_refusals_total": "0+90x40"}, {"meshop_stock_refusals_total": "0+30x40"}
    ),
    "ReservationsLost": Case(
        {"meshop_stock_reservations_lost_total": "0+1x40"}, {"meshop_stock_reservations_lost_total": "2x40"}
    ),
    "OrdersOverdue": gauge("meshop_orders_overdue_seconds", 400, 60),
    "SearchDegraded": Case(
        {
            'meshop_searches_total{source="postgresql",why="EngineUnavailable"}': "0+30x40",
            'meshop_searches_total{source="elasticsearch",why=""}': "0+70x40",
        },
        # A shop without Elasticsearch is not degraded.
        {'meshop_searches_total{source="postgresql",why=""}': "0+100x40"},
    ),
    "SearchLate": gauge("meshop_search_lag_seconds", 130, 30),
    "ReindexStuck": gauge("meshop_index_open_seconds", 22000, 20000),
    "AiDegraded": Case(
        {
            'meshop_ai_calls_total{service="chatbot",outcome="failed"}': "0+6x40",
            'meshop_ai_calls_total{service="chatbot",outcome="model"}': "0+4x40",
        },
        {
            'meshop_ai_calls_total{service="chatbot",outcome="absent"}': "0+6x40",
            'meshop_ai_calls_total{service="chatbot",outcome="model"}': "0+4x40",
        },
    ),
    "AiModelNotLoaded": Case(
        {'meshop_ai_model_loads_total{service="chatbot",outcome="failed"}': "0+1x40"},
        {'meshop_ai_model_loads_total{service="chatbot",outcome="loaded"}': "0+1x40"},
    ),
    # promtool's clock begins at 0: a model of 1969 is old, one of the future is not.
    "AiModelOld": Case(
        {'meshop_ai_model_created_timestamp_seconds{service="chatbot"}': "-1300000x200"},
        {'meshop_ai_model_created_timestamp_seconds{service="chatbot"}': "0x200"},
        120,
    ),
    "FraudReviewsLate": gauge("meshop_fraud_review_age_seconds", 90000, 80000),
    "FraudDrift": gauge("meshop_fraud_drift_alarm", 1, 0),
    "OperatorLeaderless": Case(
        {'meshop_operator_leader{pod="a"}': "0x40"},
        {'meshop_operator_leader{pod="a"}': "0x40", 'meshop_operator_leader{pod="b"}': "1x40"},
    ),
    "OperatorFailing": Case(
        {'meshop_operator_reconcile_failures_total{kind="ModelRollout",error="ApiError"}': "0+6x40"},
        {'meshop_operator_reconcile_failures_total{kind="ModelRollout",error="ApiError"}': "0+1x40"},
    ),
    "MailsLate": gauge("meshop_mail_lag_seconds", 400, 100),
    "MailsFailing": Case(
        {
            'meshop_mails_total{template="t",state="queued"}': "0+6x40",
            'meshop_mails_total{template="t",state="sent"}': "0+4x40",
        },
        {
            'meshop_mails_total{template="t",state="queued"}': "0+4x40",
            'meshop_mails_total{template="t",state="sent"}': "0+6x40",
        },
    ),
    "WebhooksLate": gauge("meshop_webhook_lag_seconds", 200, 60),
}
#: What has stopped burning is no page any more, though the long window still remembers it.
ENDED = {
    "AvailabilityBurnFast": ended(10, requests("gateway", 900, 100, minutes=50)),
    "LatencyBurnFast": ended(10, latencies("gateway", 500, 500, minutes=50)),
}
