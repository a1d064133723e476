"""Language models over the catalog: tag groundability, polished captions, similarity.

In: the published tags, captions and images. Out: `tags/`, `polished/`, `scores/` and
`embeddings/` of the lake, keyed by content and model; dbt decides what is kept. The
stage has no command yet: rules alone decide, and every pair is kept.
"""
