"""CLIP checkpoints against SkyScript's benchmarks.

In: a checkpoint and benchmark folders as released. Out: results beside the published
table. The stage has no command yet.
"""
