"""The catalog's training pairs into CLIP checkpoints.

In: the published `training_pairs` of one selection and the chips. Out: checkpoints of
OpenCLIP models. The stage has no command yet; `skyloom export` writes the CSV that
OpenCLIP's own trainer reads.
"""
