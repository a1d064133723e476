"""Language models over the catalog: tag groundability, polished captions, similarity.

In: the published tags, captions and images. Out: `tags/`, `polished/`, `scores/` and
`embeddings/` of the lake, keyed by content and model; dbt decides what is kept. The
classifier of tags judges those that no rule decides; every pair is kept.
"""
