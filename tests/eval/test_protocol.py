"""Each registered benchmark, against the protocol written down once more in float64."""

import numpy as np
import pytest

from eval import known
from eval.evaluate import Machine, evaluate
from eval.folders import find_tasks
from eval.vectors import Store
from tests.eval.planted import (
    confusion_of,
    draw,
    image_vector,
    planted_clip,
    text_vector,
    write_csv,
)

HERE = Machine(batch_size=16, workers=0)
N = 40
# Written from the protocol's text, not from the registry.
SENTENCES = {
    "roof_shape": "building, {}",
    "smoothness": "road, {}",
    "surface": "road, {}",
}


def unit(vector):
    wide = np.asarray(vector, np.float64)
    return wide / np.sqrt((wide * wide).sum())


def class_weight(name, folder):
    inner = SENTENCES.get(folder, "{}").replace("{}", name)
    photo = unit(text_vector(f"a satellite photo of {inner}."))
    image = unit(text_vector(f"a satellite image of {inner}"))
    return unit((photo + image) / 2)


def make_classes(root, about, *, numbers):
    folder = about.folders[0]
    names = [f"class {n} of {folder}" for n in range(7)]
    (root / folder).mkdir(exist_ok=True)
    (root / folder / about.classnames).write_text("\n".join(names) + "\n")
    rows, truth = [], []
    for n in range(N):
        path = f"{folder}/images/{n}.jpg"
        draw(root / path, n)
        label = (n * n + 3) % len(names)
        rows.append([path, label if numbers else names[label], "caption"])
        truth.append(label)
    # Rows without a label count nowhere; their images need not even be there.
    rows[5:5] = [[f"{folder}/images/none.jpg", "", "caption"]]
    header = ["filepath", about.label_column, "title"]
    write_csv(root / folder / about.csv, header, rows)
    return names, truth


def reference_classes(names, truth, folder):
    weights = [class_weight(name, folder) for name in names]
    top1 = top5 = 0
    per_class: dict[int, list[bool]] = {}
    for n, label in enumerate(truth):
        logits = [100 * float(unit(image_vector(n)) @ w) for w in weights]
        order = sorted(range(len(names)), key=lambda c: -logits[c])
        top1 += order[0] == label
        top5 += label in order[:5]
        per_class.setdefault(label, []).append(order[0] == label)
    recall = sum(sum(v) / len(v) for v in per_class.values()) / len(per_class)
    return top1 / len(truth), top5 / len(truth), recall


CLASSES = [one for one in known.benchmarks() if one.kind == known.CLASSES]
RETRIEVAL = [one for one in known.benchmarks() if one.kind == known.RETRIEVAL]


@pytest.mark.parametrize("about", CLASSES, ids=lambda one: one.name)
def test_classification_is_the_protocol(about, tmp_path, clip, store):
    numbers = about.name in ("eurosat", "surface", "SkyScript_cls")
    names, truth = make_classes(tmp_path, about, numbers=numbers)
    (task,), _ = find_tasks(tmp_path, None, only=[about.name])
    result = evaluate(task, clip, store, HERE)
    top1, top5, recall = reference_classes(names, truth, about.folders[0])
    assert len(task.images) == N
    assert result.figure("top1").value == pytest.approx(top1, abs=1e-12)
    assert result.figure("top5").value == pytest.approx(top5, abs=1e-12)
    assert result.figure("mean_per_class_recall").value == pytest.approx(recall)
    assert 0 < top1 < 1


@pytest.mark.parametrize("about", RETRIEVAL, ids=lambda one: one.name)
def test_retrieval_is_the_protocol(about, tmp_path, clip, store):
    published = about.name == known.SKYSCRIPT_RETRIEVAL
    folder = "" if published else about.folders[0]
    prefix = "" if published else "a satellite image. "
    pairs, rows = [], []
    for n in range(N):
        path = f"{folder or 'images2'}/{n}.jpg"
        draw(tmp_path / path, n)
        for caption in {f"seen {n % 23}", f"it is {n % 11}, really", f"a {n}"}:
            rows.append([path, "wrong column" if published else caption, caption])
            pairs.append((n, prefix + caption))
    write_csv(
        tmp_path / folder / about.csv,
        ["filepath", "title", "title_multi_objects"],
        rows,
    )
    root, skyscript = (None, tmp_path) if published else (tmp_path, None)
    (task,), _ = find_tasks(root, skyscript, only=[about.name])
    result = evaluate(task, clip, store, HERE)

    images = sorted({image for image, _ in pairs})
    texts = sorted({text for _, text in pairs})
    assert (len(task.images), len(task.texts)) == (len(images), len(texts))
    score: dict[tuple[object, object], float] = {
        (i, t): float(unit(image_vector(i)) @ unit(text_vector(t)))
        for i in images
        for t in texts
    }
    score |= {(t, i): score[i, t] for i in images for t in texts}
    true: set[tuple[object, object]] = {*pairs}
    true |= {(text, image) for image, text in pairs}
    for way, queries, gallery in (("i2t", images, texts), ("t2i", texts, images)):
        recalls = {}
        for k in (1, 5, 10, 100):
            hit = 0
            for query in queries:
                best = sorted(gallery, key=lambda one, q=query: -score[q, one])[:k]
                hit += any((query, one) in true for one in best)
            recalls[k] = hit / len(queries)
            assert result.figure(f"{way}_r{k}").value == pytest.approx(recalls[k])
        mean = (recalls[1] + recalls[5] + recalls[10]) / 3
        assert result.figure(f"{way}_mean_recall").value == pytest.approx(mean)


def test_a_model_that_knows_nothing_has_chance_or_less_in_the_strict_figures(tmp_path):
    about = CLASSES[0]
    _, truth = make_classes(tmp_path, about, numbers=False)
    clip = planted_clip(constant=True)
    (task,), _ = find_tasks(tmp_path, None, only=[about.name])
    store = Store.open(tmp_path / "vectors", clip)
    result = evaluate(task, clip, store, HERE)
    assert result.figure("strict_top1").value == 0
    assert result.figure("mean_per_class_recall").value == 0
    assert result.figure("strict_top5").value == 0
    # The protocol leaves ties to the order of the classes.
    assert result.figure("top1").value == truth.count(0) / len(truth)
    assert result.figure("top1").chance == pytest.approx(1 / 7)


def test_an_unreadable_image_is_left_out_by_the_protocol_and_wrong_in_ours(
    tmp_path, clip, store
):
    about = CLASSES[0]
    names, truth = make_classes(tmp_path, about, numbers=False)
    (tmp_path / "aid/images/4.jpg").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    (tmp_path / "aid/images/9.jpg").unlink()
    (task,), _ = find_tasks(tmp_path, None, only=["aid"])
    result = evaluate(task, clip, store, HERE)
    assert sorted(p.rsplit("/")[-1] for p in result.faults) == ["4.jpg", "9.jpg"]
    weights = [class_weight(name, "aid") for name in names]
    right = []
    for n, label in enumerate(truth):
        scores = [float(unit(image_vector(n)) @ weight) for weight in weights]
        if n not in (4, 9):
            right.append(scores.index(max(scores)) == label)
    assert result.figure("top1").value == pytest.approx(sum(right) / (N - 2))
    assert result.figure("strict_top1").value == pytest.approx(sum(right) / N)
    assert confusion_of(result).sum() == N - 2


def test_vectors_are_made_once_for_each_content(tmp_path, clip, store):
    about = CLASSES[0]
    make_classes(tmp_path, about, numbers=False)
    (task,), _ = find_tasks(tmp_path, None, only=["aid"])
    first = evaluate(task, clip, store, HERE)
    forwards = clip.model.n_images
    again = Store.open(tmp_path / "vectors", clip)
    second = evaluate(task, clip, again, HERE)
    assert clip.model.n_images == forwards
    assert first.figures == second.figures
    draw(tmp_path / "aid/images/3.jpg", 777)
    evaluate(task, clip, Store.open(tmp_path / "vectors", clip), HERE)
    assert clip.model.n_images == forwards + 1


def test_a_missing_benchmark_is_a_line_that_says_where_to_get_it(tmp_path):
    make_classes(tmp_path, CLASSES[0], numbers=False)
    (tmp_path / "eurosat").mkdir()
    tasks, missing = find_tasks(tmp_path, None)
    assert [one.benchmark.name for one in tasks] == ["aid"]
    lines = {one.benchmark.name: one.line() for one in missing}
    assert len(lines) == len(known.benchmarks()) - 1
    assert "eurosat_img_txt_pairs_test.csv is not there" in lines["eurosat"]
    assert lines["fmow"].endswith("SkyScript/benchmark/fmow.zip")
    assert "--skyscript DIR" in lines["SkyScript_retrieval"]


def test_both_names_of_the_rsicb_folder_are_read(tmp_path):
    about = next(one for one in CLASSES if one.name == "rsicb256")
    make_classes(tmp_path, about, numbers=False)
    (tmp_path / "rsicb256").rename(tmp_path / "rsicb")
    tasks, _ = find_tasks(tmp_path, None)
    assert [one.benchmark.name for one in tasks] == ["rsicb256"]
