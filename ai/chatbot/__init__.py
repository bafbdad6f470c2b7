"""The assistant: understands shop requests, and acts with the caller's own token after a confirmation."""
