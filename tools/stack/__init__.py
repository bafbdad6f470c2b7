"""The whole platform on this machine, without containers: ``python -m tools.stack up | down | status``."""
