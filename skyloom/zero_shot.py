"""Classification by words alone: a vector for each class, made from sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skyloom.clip_models import ClipModel
    from skyloom.clip_vectors import Vectors

SLOT = "{}"
TEXTS_AT_ONCE = 256


def class_vectors(
    clip: ClipModel, labels: Sequence[str], templates: Sequence[str]
) -> Vectors:
    """For each label the normalised mean of its sentences' unit vectors.

    A template is a sentence with {} where the label stands.
    """
    from skyloom.clip_vectors import embed_texts, unit

    texts = [t.replace(SLOT, label) for label in labels for t in templates]
    rows = embed_texts(clip, texts, batch_size=TEXTS_AT_ONCE).astype(np.float64)
    return unit(rows.reshape(len(labels), len(templates), -1).mean(axis=1))
