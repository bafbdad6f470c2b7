"""The front door of every deployment: routes, checks, limits and forwards requests; see docs/gateway.md."""

VERSION = "0.1.0"
