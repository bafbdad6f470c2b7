"""CatalogReindex: phases of a rebuild of the catalogue's index, each a Job."""
