"""CLIP models against benchmarks, by SkyScript's protocol and by stricter figures.

In: a checkpoint, and benchmark folders as released, folders of one's own, or a lake.
Out: a report beside the published tables. docs/eval.md describes all of it.
"""
