"""Figures by themselves: ties, intervals, thresholds, and torchmetrics' opinion."""

import numpy as np
import pytest

from eval import binary, classify, known, retrieve
from eval.compare import lines, mean
from eval.figures import Figure, Result, figures, share
from eval.tasks import Task
from skyloom.torch_shim import import_torchvision

MEAN, I2T = known.SCENE_MEAN, "i2t_mean_recall"


def units(n, dim, seed):
    rows = np.random.default_rng(seed).normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def pairs():
    """60 images and 45 texts; each has one to three of the others."""
    rng = np.random.default_rng(3)
    of_image = [sorted(set(rng.integers(0, 45, 1 + n % 3).tolist())) for n in range(60)]
    return units(60, 8, 1), units(45, 8, 2), of_image


@pytest.mark.parametrize("k", [1, 5, 10])
def test_retrieval_equals_torchmetrics(pairs, k):
    """Its hit rate has one definition with R@k here: any hit among the first k."""
    import torch

    import_torchvision()
    from torchmetrics.retrieval import RetrievalHitRate

    images, texts, of_image = pairs
    scores = torch.from_numpy(images.astype(np.float64) @ texts.astype(np.float64).T)
    target = torch.zeros(scores.shape, dtype=torch.long)
    for row, places in enumerate(of_image):
        target[row, places] = 1
    indexes = torch.arange(60)[:, None].expand(60, 45)
    theirs = RetrievalHitRate(top_k=k)(
        scores.reshape(-1), target.reshape(-1), indexes=indexes.reshape(-1)
    )
    ranked = retrieve.rank(images, texts, of_image)
    assert float((ranked.ranks <= k).mean()) == pytest.approx(float(theirs))


def test_blocks_change_nothing(pairs, monkeypatch):
    images, texts, of_image = pairs
    whole = retrieve.rank(images, texts, of_image)
    monkeypatch.setattr(retrieve, "CELLS", 100)
    parts = retrieve.rank(images, texts, of_image)
    assert (whole.ranks == parts.ranks).all()
    assert (whole.strict == parts.strict).all()


def test_memory_does_not_grow_with_the_number_of_queries(monkeypatch):
    """30,000 by 30,000 scores would be 7 GB."""
    import tracemalloc

    queries, gallery = units(4000, 4, 1), units(4000, 4, 2)
    monkeypatch.setattr(retrieve, "CELLS", 400_000)
    tracemalloc.start()
    retrieve.rank(queries, gallery, [[n] for n in range(4000)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4000 * 4000 * 8 / 4


def test_equal_scores_are_against_us_in_the_strict_figures():
    same = np.tile(units(1, 4, 0), (30, 1))
    truth = [[n] for n in range(30)]
    ranked = retrieve.rank(same, same, truth)
    assert ranked.ranks.tolist() == list(range(1, 31))
    assert (ranked.strict == 30).all()
    found = {f.name: f for f in retrieve.recall_figures(ranked, truth, 30, "i2t")}
    assert found["strict_i2t_mean_recall"].value == 0
    assert found["i2t_r10"].value == pytest.approx(10 / 30)
    assert found["i2t_r10"].chance == pytest.approx(10 / 30)


def test_other_hits_with_the_same_score_are_no_rivals():
    same = np.tile(units(1, 4, 0), (4, 1))
    ranked = retrieve.rank(same[:1], same, [[1, 3]])
    assert (ranked.ranks[0], ranked.strict[0]) == (2, 3)


def test_a_difference_within_the_noise_of_float32_is_a_tie():
    image = np.array([[1, 0]], np.float32)
    words = np.array([[1, 0], [np.cos(1e-4), np.sin(1e-4)]], np.float32)
    answers = classify.classify(image, [0], words)
    assert (answers.ranks[0], answers.strict_ranks[0]) == (1, 2)


def test_chance_is_what_random_vectors_have():
    truth = [[n, (n + 1) % 200] for n in range(200)]
    hits = []
    for seed in range(10):
        ranked = retrieve.rank(units(200, 6, seed), units(200, 6, seed + 99), truth)
        hits.append((ranked.ranks <= 10).mean())
    assert np.mean(hits) == pytest.approx(retrieve.chance(truth, 200, 10), abs=0.015)


def test_intervals_are_the_same_each_time_and_hold_the_value():
    right = (np.arange(200) % 4 == 0).astype(float)
    make = lambda: figures(["f"], 200, lambda places: [share(right, places)])  # noqa: E731
    (one,), (two,) = make(), make()
    assert one == two
    assert one.value == 0.25
    # The normal approximation is near at this size.
    half = 1.96 * np.sqrt(0.25 * 0.75 / 200)
    assert one.low == pytest.approx(0.25 - half, abs=0.012)
    assert one.high == pytest.approx(0.25 + half, abs=0.012)


def test_mean_per_class_recall_weighs_classes_alike():
    truth = np.array([0] * 9 + [1])
    each = classify.recalls(np.array([1.0] * 9 + [0.0]), truth, 3)
    assert each[:2].tolist() == [1, 0]
    assert np.isnan(each[2])


def test_the_binary_mode_of_upstream():
    """101 thresholds on the images themselves, the first of the best ones."""
    scores = np.array([0.31, 0.27, 0.25, 0.11, -0.19])
    labels = np.array([1, 1, 0, 1, 0])
    best = binary.upstream_best(scores, labels)
    # From -0.18 on: three of three found, four said.
    assert best.value == pytest.approx(-0.18)
    assert best.precision == pytest.approx(3 / 4)
    assert best.recall == pytest.approx(1)
    assert best.f1 == pytest.approx(6 / 7, abs=1e-6)


def test_our_threshold_is_set_by_other_images():
    scores = np.array([0.9, 0.8, 0.2, 0.1, 0.6, 0.4, 0.3, 0.7])
    labels = [1, 1, 0, 0, 1, 1, 0, 0]
    tuning = [True] * 4 + [False] * 4
    found, threshold = binary.binary_figures(scores, labels, tuning, [])
    values = {one.name: one.value for one in found}
    assert threshold == pytest.approx(0.5)
    assert values["precision"] == values["recall"] == values["f1"] == 0.5
    assert values["best_f1"] > 0.8
    chance = next(one for one in found if one.name == "f1").chance
    assert chance == pytest.approx(2 / 3)


def test_the_best_threshold_is_found():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=60).round(1), rng.integers(0, 2, 60)

    def f1(threshold):
        said = scores >= threshold
        return 2 * (said & (labels == 1)).sum() / (said.sum() + labels.sum())

    best = max(f1(threshold) for threshold in np.unique(scores))
    assert f1(binary.tuned(scores, labels)) == best


def test_expected_measured_and_difference():
    by_name = {one.name: one for one in known.benchmarks()}
    results = []
    for name, value in (("aid", 0.5), ("SkyScript_cls", 0.9), ("eurosat", 0.25)):
        both = [Figure(f, value, 0, 1) for f in ("top1", "strict_top1")]
        results.append(Result(Task(by_name[name], ()), tuple(both)))
    found = {line.benchmark: line for line in lines(results, "L14 SkyCLIP-30")}
    assert found["aid"].expected == 72.15
    assert found["aid"].difference == pytest.approx(-22.15)
    assert found["SkyScript_cls"].in_domain
    middle = mean(results, "L14 SkyCLIP-30")
    assert middle is not None
    assert middle.names == ("aid", "eurosat")
    assert middle.measured == 37.5
    assert middle.expected == pytest.approx((72.15 + 52.44) / 2)
    assert not middle.is_whole


def test_the_registry_holds_the_published_tables():
    names = [one.name for one in known.benchmarks() if one.in_mean]
    assert len(names) == 7
    models = {one.model for one in known.published()}
    assert len([m for m in models if m[:3] in ("B32", "L14")]) == 14
    # The printed means are those of the printed figures, but for two of them.
    off = {"B32 SkyCLIP-50": 0.01, "L14 laion-RS": 0.14}
    printed = {p.model: p.percent for p in known.published() if p.benchmark == MEAN}
    assert len(printed) == 13
    for model, percent in printed.items():
        each = [known.expected(model, name, "top1") for name in names]
        made = [one.percent for one in each if one]
        if made:
            tolerance = 0.006 + off.get(model, 0)
            assert sum(made) / 7 == pytest.approx(percent, abs=tolerance)
            assert known.expected_mean(model, names) == percent
    ucm = known.expected("L14 SkyCLIP-30 multi-object", "ucmcaptions", I2T)
    assert ucm is not None
    assert ucm.percent == 72.22
    assert not ucm.in_domain
    for one in known.checkpoints():
        assert one.published_as in models
    assert sum(bool(one.archive) for one in known.checkpoints()) == 6
