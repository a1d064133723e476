"""The command from a checkpoint to its report, with a small model of open_clip."""

import json
import zipfile

import pytest

from eval import eval_command, known, own
from eval.evaluate import Machine
from eval.order import Order, request_of, with_lake
from eval.report import FILES
from skyloom.clip_models import need_open_clip
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from tests.eval.planted import confusion_of, draw, write_csv

HOSTILE = "<script>alert(1)</script>|{{ 7 * 7 }}"
TINY = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 32,
        "layers": 1,
        "width": 32,
        "head_width": 16,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model's JSON and random weights as upstream's trainer saves them."""
    need_open_clip()
    import open_clip
    import torch

    folder = tmp_path_factory.mktemp("tiny")
    model = folder / "tiny.json"
    model.write_text(json.dumps(TINY))
    build = folder / "build"
    build.mkdir()
    (build / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": TINY, "preprocess_cfg": {}})
    )
    torch.manual_seed(0)
    net = open_clip.create_model(f"local-dir:{build}", load_weights=False)
    state = {f"module.{key}": value for key, value in net.state_dict().items()}
    torch.save({"epoch": 20, "state_dict": state}, folder / "epoch_20.pt")
    return model, folder / "epoch_20.pt"


def order(tiny, tmp_path, **more):
    model, weights = tiny
    given = {
        "checkpoint": weights,
        "model": str(model),
        "out": tmp_path / "out",
        "cache": tmp_path / "cache",
        "machine": Machine(batch_size=16, workers=0),
    }
    return Order(**(given | more))


@pytest.fixture
def bench(tmp_path):
    """Six images in three classes, one of them named by somebody unkind."""
    root = tmp_path / "bench"
    rows = []
    for n in range(6):
        draw(root / f"{n}.png", 40 * n)
        rows.append([f"{n}.png", ["pond", "barn", HOSTILE][n % 3]])
    write_csv(root / "labels.csv", ["file", "label"], rows)
    return root


def test_a_folder_of_ones_own_ends_in_a_report(tiny, bench, tmp_path):
    done, files = eval_command.run(order(tiny, tmp_path, benchmarks=bench))
    assert [file.name for file in files] == list(FILES)
    html = files[0].read_text()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "data:image/jpeg" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    said = json.loads(files[2].read_text())
    assert said["benchmarks"][0]["n_images"] == 6
    assert sum(map(sum, said["benchmarks"][0]["confusion"])) == 6
    assert said["mean"] is None
    assert "\\|{{ 7" in files[1].read_text() or HOSTILE not in files[1].read_text()
    assert done.lines[0].chance == pytest.approx(100 / 3)


def test_the_same_evaluation_gives_the_same_bytes(tiny, bench, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    eval_command.run(order(tiny, tmp_path, benchmarks=bench, out=first))
    fresh = tmp_path / "fresh"
    machine = Machine(batch_size=4, workers=1)
    eval_command.run(
        order(
            tiny, tmp_path, benchmarks=bench, out=second, cache=fresh, machine=machine
        )
    )
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def published_as(**flags):
    found = request_of(Order(**flags))[1]
    return found and found.published_as


def test_a_published_checkpoint_is_known_by_its_name(tmp_path):
    for one in known.checkpoints():
        if not one.archive:
            continue
        zipped = tmp_path / f"{one.name}.zip"
        request, found = request_of(Order(checkpoint=zipped))
        assert found == one
        assert (request.model, request.quick_gelu) == (one.model, one.quick_gelu)
        assert one.quick_gelu == (one.model == "ViT-L-14")
        unpacked = tmp_path / one.name / "epoch_20.pt"
        assert request_of(Order(checkpoint=unpacked))[1] == one
    assert published_as(model="ViT-L-14", pretrained="openai") == "L14 CLIP"
    assert published_as(model="ViT-B-32", pretrained="openai") is None
    assert request_of(Order(pretrained="laion2b_e16"))[0].model == "ViT-B-32"


def test_a_model_that_no_name_tells_is_asked_for(tmp_path):
    with pytest.raises(UsageError, match="name it with --model"):
        request_of(Order(checkpoint=tmp_path / "mine.pt"))
    with pytest.raises(UsageError, match="no model is named"):
        request_of(Order())


def test_figures_of_another_model_are_not_expected(tmp_path):
    """A file of the published name that is said to be something else."""
    file = tmp_path / "SkyCLIP_ViT_B32_top50pct.pt"
    assert published_as(checkpoint=file) == "B32 SkyCLIP-50"
    assert published_as(checkpoint=file, model="ViT-B-16") is None
    assert published_as(checkpoint=file, quick_gelu=True) is None


def test_a_zip_as_downloaded_is_evaluated(tiny, bench, tmp_path):
    zipped = tmp_path / "SkyCLIP.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(tiny[1], "SkyCLIP/epoch_20.pt")
        archive.writestr("__MACOSX/SkyCLIP/._epoch_20.pt", b"x")
    done, _ = eval_command.run(
        order(tiny, tmp_path, checkpoint=zipped, benchmarks=bench)
    )
    plain, _ = eval_command.run(order(tiny, tmp_path, benchmarks=bench))
    assert done.model["digest"] == plain.model["digest"]


class Runs:
    def __reduce__(self):
        import os

        return os.system, ("touch ran",)


def test_hostile_checkpoints_are_refused_in_one_sentence(
    tiny, bench, tmp_path, monkeypatch
):
    import torch

    monkeypatch.chdir(tmp_path)
    state = torch.load(tiny[1], weights_only=True)["state_dict"]
    code = tmp_path / "code.pt"
    torch.save({"state_dict": Runs()}, code)
    short = tmp_path / "short.pt"
    short.write_bytes(tiny[1].read_bytes()[:5000])
    no_numbers = tmp_path / "nan.pt"
    bad = {key: torch.full_like(value, float("nan")) for key, value in state.items()}
    torch.save({"state_dict": bad}, no_numbers)
    other = tmp_path / "other.pt"
    torch.save({"state_dict": dict(list(state.items())[:3])}, other)
    for file, said in (
        (code, "could run code"),
        (short, "damaged"),
        (no_numbers, "not finite"),
        (other, "no weights of tiny"),
    ):
        with pytest.raises(UsageError) as refused:
            eval_command.run(order(tiny, tmp_path, checkpoint=file, benchmarks=bench))
        sentence = refused.value.sentence()
        assert said in sentence
        assert str(file) in sentence
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_nothing_to_evaluate_is_an_error(tiny, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SkyloomError, match="there is nothing to evaluate") as failed:
        eval_command.run(order(tiny, tmp_path, benchmarks=empty))
    assert failed.value.exit_code == 1
    write_csv(empty / "mine/labels.csv", ["file", "label"], [["a.png", "x"]])
    with pytest.raises(SkyloomError, match="none of its 1 images can be read"):
        eval_command.run(order(tiny, tmp_path, benchmarks=empty))


def test_one_benchmark_without_images_stops_no_other(tiny, bench, tmp_path, capsys):
    root = tmp_path / "root"
    bench.rename(root.with_name("moved"))
    root.mkdir()
    root.with_name("moved").rename(root / "good")
    write_csv(root / "bad/labels.csv", ["file", "label"], [["a.png", "x"]])
    done, files = eval_command.run(order(tiny, tmp_path, benchmarks=root))
    assert [one.task.benchmark.name for one in done.results] == ["good"]
    assert "none of its 1 images can be read" in files[0].read_text()
    assert "missing: aid: not in the folder; get https" in capsys.readouterr().err


def test_only_names_benchmarks(tiny, bench, tmp_path):
    with pytest.raises(UsageError, match="there is no benchmark 'aids'"):
        eval_command.run(order(tiny, tmp_path, benchmarks=bench.parent, only=("aids",)))


def test_without_benchmarks_it_is_the_lake(tmp_path):
    assert with_lake(Order(), tmp_path).lake == tmp_path
    assert with_lake(Order(benchmarks=tmp_path), tmp_path / "lake").lake is None
    with pytest.raises(UsageError, match="is no held-out split"):
        own.lake_tasks(Lake(tmp_path), splits=("train",))


@pytest.mark.realdata
def test_real_crops_run_through_as_a_folder(tiny, real_data, tmp_path):
    folder = real_data / "skyscript" / "scene_class"
    done, files = eval_command.run(order(tiny, tmp_path, benchmarks=folder))
    (result,) = done.results
    assert len(result.task.images) == 120
    assert len(result.task.classes) == 12
    assert result.faults == {}
    assert confusion_of(result).sum(1).tolist() == [10] * 12
    assert result.figure("top1").low <= result.figure("top1").value
    html = files[0].read_text()
    assert html.count('class="diagonal"') == 12
    assert "golf course" in html
