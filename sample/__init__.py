"""The drawn sample: a town that does not exist, as OSM data and as imagery."""
