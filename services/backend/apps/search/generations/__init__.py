"""Generations of the catalogue's index: built beside the one that is searched, verified, put to use in one step."""
