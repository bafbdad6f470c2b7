"""What this app shows to Prometheus."""

from prometheus_client import Counter

MAILS = Counter("meshop_mails_total", "Attempts at mails, by how they ended.", ["template", "state"])
