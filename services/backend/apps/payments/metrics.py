"""What to watch about payments."""

from prometheus_client import Counter

WEBHOOKS = Counter("meshop_payment_webhooks_total", "Webhook events by what became of them.", ["outcome"])
MENDED = Counter("meshop_payment_mended_total", "What the reconciler had to finish.", ["what"])
