"""Search in Elasticsearch 8."""
