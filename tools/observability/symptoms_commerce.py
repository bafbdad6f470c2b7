# ruff: noqa: E501 - expressions and sentences are read in one piece
"""Alerts on money, goods, search and answers of AI services."""

from tools.observability.alerting import Alert

COMMERCE = (
    Alert(
        "PaymentsDeclined", "page",
        lambda w: f'sum(rate(meshop_payments_total{{status=~"declined|failed"}}[{w(10)}])) / '
        f'sum(rate(meshop_payments_total{{status=~"declined|failed|succeeded"}}[{w(10)}])) > 0.3', 3,
        "Three in ten payments are refused.",
        "Customers cannot pay; their orders hold stock until they expire.",
        "`failure_code` of payments in the admin: one bank, one card brand, or all?",
        "The provider's status page; tell customers if it is theirs. A wave of tested cards: raise the limits of guests.",
    ),
    Alert(
        "PaymentEventsStuck", "page", lambda w: "max(meshop_payment_events_age_seconds) > 300", 1,
        "A webhook of the payment provider has not been applied for five minutes.",
        "Paid orders do not move on. The reconciler asks the provider as well, so most are found.",
        "Stripe events in the admin, with the error of each.",
        "Mend the cause; they are applied by the next look of the reconciler.",
    ),
    Alert(
        "StockDrift", "page", lambda w: "max(meshop_stock_drift_items) > 0", 0,
        "Levels of stock disagree with their ledger.",
        "Something wrote past the ledger: what is shown as available may not be there.",
        "`manage.py stock_audit` names the articles and both numbers.",
        "Find who wrote; then set the level by counting the shelf, which writes a movement.",
    ),
    Alert(
        "OversellGuardBusy", "ticket", lambda w: f"sum(rate(meshop_stock_refusals_total[{w(10)}])) > 1", 5,
        "More than one order a second is refused for want of stock.",
        "Many want what is gone: a sale, or availability is shown that is not there.",
        "`insufficient_stock` by article; whether the index shows old availability (SearchLate).",
        "Mark the article as sold out, or mend the index.",
    ),
    Alert(
        "ReservationsLost", "ticket", lambda w: f"sum(increase(meshop_stock_reservations_lost_total[{w(60)}])) > 3", 0,
        "Payments came after their goods were given to others.",
        "These customers get their money back instead of the goods.",
        "ORDER_RESERVATION_MINUTES against the time that the provider's page allows.",
        "Reserve for longer.",
    ),
    Alert(
        "OrdersOverdue", "ticket", lambda w: "max(meshop_orders_overdue_seconds) > 300", 2,
        "Reservations are overdue by more than five minutes.",
        "Stock is held by the dead. The sweep does not run, or clocks disagree.",
        "Beat and the worker of the queue `default`; the clocks of the nodes.",
        "Start beat; checkout frees what it needs itself meanwhile.",
    ),
    Alert(
        "SearchDegraded", "ticket",
        lambda w: f'sum(rate(meshop_searches_total{{source="postgresql",why!=""}}[{w(5)}])) / '
        f"sum(rate(meshop_searches_total[{w(5)}])) > 0.2", 3,
        "More than a fifth of searches is answered by the fallback.",
        "Results are plainer: fewer typing mistakes are forgiven. Nothing fails.",
        "Elasticsearch; `why` says whether it is away, late or refuses.",
        "Bring it back. If it is late, see whether a reindex runs at full speed.",
    ),
    Alert(
        "SearchLate", "ticket", lambda w: "max(meshop_search_lag_seconds) > 120", 3,
        "The index is more than two minutes behind the tables.",
        "Search shows old prices and availability; pages of articles and checkout do not.",
        "The worker of the queue `index`, and Elasticsearch.",
        "Start what is down; it catches up by itself.",
    ),
    Alert(
        "ReindexStuck", "ticket", lambda w: "max(meshop_index_open_seconds) > 6 * 3600", 0,
        "A generation of the index has been open for six hours.",
        "Nobody notices: the live one goes on. But no other can be built.",
        "Generations in the admin; `manage.py catalog_reindex --status`.",
        "Resume or abandon it; docs/reindex.md.",
    ),
    Alert(
        "AiDegraded", "ticket",
        lambda w: f'sum by (service) (rate(meshop_ai_calls_total{{outcome=~"failed|refused"}}[{w(5)}])) / '
        f"sum by (service) (rate(meshop_ai_calls_total[{w(5)}])) > 0.5", 3,
        "Half of the questions to {{ $labels.service }} are answered by the fallback.",
        "Best sellers instead of recommendations, list prices, words instead of meaning. Nothing fails.",
        "Its log and its latency against AI_DEADLINE_MS.",
        "Bring it back; undo the rollout of its model if it began with one.",
    ),
    Alert(
        "AiModelNotLoaded", "ticket",
        lambda w: f'sum by (service) (increase(meshop_ai_model_loads_total{{outcome="failed"}}[{w(10)}])) > 2', 0,
        "{{ $labels.service }} cannot load the model that it should.",
        "The last good model goes on answering; without one, the baseline does.",
        "`model not loaded` in its log: digest, bytes, or the registry.",
        "Promote the version before it; docs/ai.md.",
    ),
    Alert(
        "AiModelOld", "ticket", lambda w: "time() - min by (service) (meshop_ai_model_created_timestamp_seconds) > 14 * 86400",
        60, "The model of {{ $labels.service }} is older than two weeks.",
        "Its answers get worse with what has changed since.",
        "The training CronJob and its last log.",
        "Train it by hand; docs/ai.md.",
    ),
    Alert(
        "FraudReviewsLate", "ticket", lambda w: "max(meshop_fraud_review_age_seconds) > 86400", 5,
        "An order has waited for a day for somebody to look at it.",
        "A customer who did nothing wrong, most likely, waits for the goods.",
        "Fraud reviews in the admin.",
        "Decide them. If there are too many, the rate of reviews is set too high.",
    ),
    Alert(
        "FraudDrift", "ticket", lambda w: "max(meshop_fraud_drift_alarm) == 1", 10,
        "Orders look unlike those that the model of fraud has learned from.",
        "It may miss fraud, or hold honest orders.",
        "Which feature: the panel of drift; a sale or a new market explains much.",
        "Train it anew once there are labels; docs/ai.md.",
    ),
    Alert(
        "MailsLate", "page", lambda w: "max(meshop_mail_lag_seconds) > 300", 1,
        "A mail has been due for more than five minutes.",
        "Customers hear nothing of their orders and cannot set a password anew.",
        "The worker of the queue `email`, and the mail server: `mail not sent` in its log.",
        "Bring back what is away; mails are sent then, each once.",
    ),
    Alert(
        "MailsFailing", "page",
        lambda w: f'sum(rate(meshop_mails_total{{state!="sent"}}[{w(10)}])) / sum(rate(meshop_mails_total[{w(10)}])) > 0.5',
        3, "Half of the attempts at mails fail.",
        "As MailsLate, soon.",
        "The error in the list of mails in the admin.",
        "Mend the login or the address of the mail server.",
    ),
    Alert(
        "WebhooksLate", "ticket", lambda w: "max(meshop_webhook_lag_seconds) > 120", 2,
        "A delivery to a merchant has been due for more than two minutes.",
        "Merchants' systems are behind.",
        "The worker of the queue `webhooks`; one endpoint that takes all its time?",
        "More workers; disable an endpoint that never answers.",
    ),
)  # fmt: skip
