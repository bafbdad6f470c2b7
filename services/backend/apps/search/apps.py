"""Application configuration."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Search engines, their index, and what merchandisers make of them."""

    name = "apps.search"
    verbose_name = "Search"
