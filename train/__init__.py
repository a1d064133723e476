"""The catalog's training pairs into CLIP checkpoints.

In: the published `training_pairs` of one selection, a SkyScript CSV, or WebDataset
tars, and weights of an OpenCLIP model, or none. Out: a folder with the trained weights,
as plain open_clip reads them, resumable states, and a log of the training.
"""
