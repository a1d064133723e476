"""Scenes in, image chips out.

`footprints` says what each image holds, `planner` turns scenes into requests, an
`ImageSource` answers a request with pixels, and `fetcher` gates, encodes and records.
"""
