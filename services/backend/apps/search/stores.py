"""Where indices are written, by the settings."""

from django.conf import settings

from apps.search.elastic.client import elastic_client
from apps.search.elastic.index import ElasticIndex


def elastic_index() -> ElasticIndex:
    """The indices of this deployment's Elasticsearch."""
    return ElasticIndex(elastic_client(settings.MESHOP.elasticsearch_url))
