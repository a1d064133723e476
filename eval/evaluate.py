"""One benchmark through one model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eval import binary, classify, retrieve
from eval.figures import Example, Result, Weak
from eval.known import BINARY, RETRIEVAL
from eval.tasks import Task
from eval.vectors import Store, image_vectors, text_vectors
from skyloom.clip_models import ClipModel
from skyloom.errors import SkyloomError
from skyloom.zero_shot import class_vectors

N_WEAK = 5
N_EXAMPLES = 4
N_SHOWN = 6


@dataclass(frozen=True)
class Machine:
    """How vectors are made: none of it changes them."""

    batch_size: int = 128
    workers: int = 2


def evaluate(task: Task, clip: ClipModel, store: Store, machine: Machine) -> Result:
    """Embed what is not known yet, and measure.

    Raises:
        SkyloomError: not one image can be read.
    """
    seen = image_vectors(
        clip,
        task.images,
        store,
        title=f"{task.benchmark.name}: images",
        batch_size=machine.batch_size,
        workers=machine.workers,
    )
    if len(seen.faults) == len(task.images):
        raise SkyloomError(
            f"none of its {len(task.images):,} images can be read "
            f"({seen.faults[0]}: {task.images[0]})",
            where=task.benchmark.name,
            remedy="unpack the images below the benchmarks' folder",
        )
    unread = sorted(seen.faults)
    if task.benchmark.kind == RETRIEVAL:
        texts = text_vectors(
            clip,
            task.texts,
            store,
            title=f"{task.benchmark.name}: texts",
            batch_size=machine.batch_size,
        )
        found = _retrieval(task, seen.vectors, texts, unread)
    else:
        words = class_vectors(clip, task.classes, task.benchmark.templates)
        way = _binary if task.benchmark.kind == BINARY else _classes
        found = way(task, seen.vectors, words, unread)
    faults = {str(task.images[place]): why for place, why in seen.faults.items()}
    return replace(found, faults=faults)


def _classes(
    task: Task,
    images: NDArray[np.float32],
    words: NDArray[np.float32],
    unread: Sequence[int],
) -> Result:
    answers = classify.classify(images, task.labels, words)
    n = len(task.classes)
    counts = classify.confusion(answers, task.labels, n, unread)
    return Result(
        task,
        tuple(classify.class_figures(answers, task.labels, n, unread)),
        confusion=counts,
        weak=tuple(_weakest(task, answers, counts, set(unread))),
        notes=tuple(_differences(task)),
    )


def _weakest(
    task: Task, answers: classify.Answers, counts: NDArray[np.int64], unread: set[int]
) -> list[Weak]:
    totals = counts.sum(1)
    share = counts.diagonal() / np.maximum(1, totals)
    shown = [c for c in np.argsort(share, kind="stable") if totals[c] and share[c] < 1]
    weak = []
    for one in shown[:N_WEAK]:
        others = counts[one].copy()
        others[one] = -1
        wrong = [
            place
            for place, label in enumerate(task.labels)
            if label == one and place not in unread and answers.predicted[place] != one
        ]
        examples = tuple(
            Example(
                task.images[place],
                task.classes[one],
                task.classes[answers.predicted[place]],
            )
            for place in wrong[:N_EXAMPLES]
        )
        weak.append(
            Weak(
                task.classes[one],
                float(share[one]),
                int(totals[one]),
                task.classes[int(others.argmax())],
                examples,
            )
        )
    return weak


def _binary(
    task: Task,
    images: NDArray[np.float32],
    words: NDArray[np.float32],
    unread: Sequence[int],
) -> Result:
    scores = images.astype(np.float64) @ words[0].astype(np.float64)
    found, threshold = binary.binary_figures(scores, task.labels, task.tuning, unread)
    if threshold is None:
        note = "one of the two parts has no image of the class: no threshold of its own"
    else:
        note = f"the threshold {threshold:.4f} comes from {sum(task.tuning):,} images"
    return Result(task, tuple(found), notes=(note,))


def _retrieval(
    task: Task,
    images: NDArray[np.float32],
    texts: NDArray[np.float32],
    unread: Sequence[int],
) -> Result:
    lost = set(unread)
    readable = [place for place in range(len(task.images)) if place not in lost]
    new_place = {place: n for n, place in enumerate(readable)}
    of_image: list[list[int]] = [[] for _ in task.images]
    of_text: list[list[int]] = [[] for _ in task.texts]
    for image, text in task.pairs:
        if image in new_place:
            of_image[image].append(text)
            of_text[text].append(new_place[image])
    i2t = retrieve.rank(images, texts, of_image)
    t2i = retrieve.rank(texts, images[readable], of_text)
    counts = (
        f"{len(task.images):,} images, {len(task.texts):,} texts, "
        f"{len(task.pairs):,} pairs"
    )
    return Result(
        task,
        (
            *retrieve.recall_figures(i2t, of_image, len(texts), "i2t"),
            *retrieve.recall_figures(t2i, of_text, len(readable), "t2i"),
        ),
        examples=tuple(_examples(task, i2t, of_image)),
        notes=(counts,),
    )


def _examples(
    task: Task, ranked: retrieve.Ranked, of_image: Sequence[Sequence[int]]
) -> list[Example]:
    """Images spread over the ranks, from the best found to the worst."""
    order = [n for n in np.argsort(ranked.ranks, kind="stable") if len(of_image[n])]
    step = max(1, (len(order) - 1) / max(1, N_SHOWN - 1))
    picked = [order[round(n * step)] for n in range(min(N_SHOWN, len(order)))]
    return [
        Example(
            task.images[n],
            task.texts[of_image[n][0]],
            task.texts[ranked.first[n]],
            f"a true text is at place {int(ranked.ranks[n]):,}",
        )
        for n in picked
    ]


def _differences(task: Task) -> list[str]:
    notes = []
    known = task.benchmark.n_classes
    if known and known != len(task.classes):
        notes.append(f"{len(task.classes)} classes here, {known} in the published set")
    images = task.benchmark.n_images
    if images and images != len(task.images):
        notes.append(f"{len(task.images):,} images here, {images:,} published")
    twice = [name for name, count in Counter(task.classes).items() if count > 1]
    if twice:
        notes.append(f"the class {twice[0]!r} stands in the list twice")
    return notes
