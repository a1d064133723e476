"""CLIP models: one digest for the same weights, one sentence for a bad file."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from skyloom.clip_config import read_architecture, with_gelu
from skyloom.clip_models import ClipRequest, load_clip
from skyloom.clip_vectors import (
    Picture,
    PixelsOf,
    count_cut,
    embed_pictures,
    embed_texts,
)
from skyloom.errors import SkyloomError
from tests.tiny_clip import CONFIG, draw, write_tiny

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(tiny):
    return load_clip(tiny.request)


def refused(request):
    with pytest.raises(SkyloomError) as caught:
        load_clip(request)
    said = str(caught.value)
    assert "\n" not in said and "Traceback" not in said
    return said


def test_the_same_weights_have_one_digest_in_every_file(tiny, clip):
    from safetensors.torch import save_file

    tensors = tiny.tensors()
    wrapped = {f"module.{name}": tensor for name, tensor in tensors.items()}
    reversed_ = dict(reversed(list(tensors.items())))
    forms = [
        tiny.save({"state_dict": wrapped, "epoch": 3, "name": "x"}, "epoch_3.pt"),
        tiny.save(reversed_, "reversed.pth"),
    ]
    safe = tiny.folder / "tiny.safetensors"
    save_file({name: one.contiguous() for name, one in tensors.items()}, safe)
    forms.append(ClipRequest(str(tiny.model), checkpoint=safe))
    for inner in (tiny.checkpoint, safe):
        archive = tiny.folder / f"{inner.suffix[1:]}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("model/README.txt", "words")
            file.write(inner, f"model/{inner.name}")
        forms.append(ClipRequest(str(tiny.model), checkpoint=archive))
    for form in forms:
        assert load_clip(form).digest == clip.digest, form
    assert clip.label == f"tiny@{clip.digest[:12]}"
    assert clip.checkpoint == "tiny.pt"


def test_other_weights_gelu_or_preprocessing_are_another_model(tiny, clip):
    tensors = tiny.tensors()
    tensors["logit_scale"] = tensors["logit_scale"] + 1
    digests = {
        clip.digest,
        load_clip(tiny.save(tensors, "scaled.pt")).digest,
        load_clip(replace(tiny.request, quick_gelu=True)).digest,
        load_clip(
            tiny.save(
                {"state_dict": tiny.tensors(), "preprocess_cfg": {"std": [1, 1, 1]}},
                "stretched.pt",
            )
        ).digest,
    }
    assert len(digests) == 4


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_checkpoint_that_would_run_code_runs_none(tiny, tmp_path):
    mark = tmp_path / "harmed"
    request = tiny.save({"state_dict": tiny.tensors(), "x": Harm(mark)}, "harm.pt")
    said = refused(request)
    assert "could run code" in said and "safetensors" in said
    assert not mark.exists()


def test_faulty_checkpoints_are_one_sentence_each(tiny, tmp_path):
    whole = tiny.checkpoint.read_bytes()
    nan = tiny.tensors()
    nan["visual.proj"][0, 0] = float("nan")
    wide = tiny.tensors()
    wide["visual.conv1.weight"] = torch.zeros(64, 3, 14, 14)
    less, more = tiny.tensors(), tiny.tensors()
    del less["ln_final.weight"]
    more["head.weight"] = torch.zeros(3)
    faults = {
        "half.pt": (whole[: len(whole) // 2], "damaged"),
        "empty.pt": (b"", "damaged"),
        "words.pt": (b"not weights at all", "damaged"),
        "words.safetensors": (b"\xff" * 100, "damaged"),
        "words.zip": (b"PK\x03\x04 no archive", "damaged"),
        "nan.pt": (nan, "visual.proj are not finite"),
        "wide.pt": (wide, "visual.conv1.weight is 64x3x14x14, not 32x3x8x8"),
        "less.pt": (less, "ln_final.weight is missing"),
        "more.pt": (more, "head.weight has no place"),
        "none.pt": ({}, "no state dict"),
        "list.pt": ([1, 2], "no state dict"),
        "number.pt": ({"state_dict": {"a": 3}}, "'a' is no tensor"),
    }
    for name, (content, said) in faults.items():
        if isinstance(content, bytes):
            (tiny.folder / name).write_bytes(content)
            request = ClipRequest(str(tiny.model), checkpoint=tiny.folder / name)
        else:
            request = tiny.save(content, name)
        assert said in refused(request), name
    missing = replace(tiny.request, checkpoint=tmp_path / "no.pt")
    assert "no such checkpoint" in refused(missing)
    two = tiny.folder / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.pt", b"1")
        archive.writestr("b.pt", b"2")
    assert "holds 2 checkpoints" in refused(replace(tiny.request, checkpoint=two))


def test_faulty_flags_and_configurations_are_one_sentence_each(tiny, tmp_path):
    file = tmp_path / "model.json"
    for content, said in (("{", "not JSON"), ("[]", "no model"), ("{}", "no model")):
        file.write_text(content)
        assert said in refused(replace(tiny.request, model=str(file)))
    file.write_text(json.dumps(CONFIG | {"vision_cfg": {"no_such": 1}}))
    assert "cannot build" in refused(replace(tiny.request, model=str(file)))
    assert "ViT-B-32" in refused(replace(tiny.request, model="ViT-B-23"))
    assert "--checkpoint FILE" in refused(ClipRequest("ViT-B-32"))
    assert "openai" in refused(ClipRequest("ViT-B-32", pretrained="nobody"))
    assert "cannot be used" in refused(replace(tiny.request, device="no_such"))
    assert "fp32" in refused(replace(tiny.request, precision="int3"))
    both = replace(tiny.request, pretrained="openai")
    assert "give one" in refused(both)


def test_weights_that_are_nowhere_are_one_line_with_a_remedy(monkeypatch, tmp_path):
    import socket

    import huggingface_hub

    def offline(*_):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    said = refused(ClipRequest("ViT-B-32", pretrained="openai"))
    assert "not on this machine" in said and "--checkpoint FILE" in said


def test_the_activation_is_that_of_the_weights():
    from open_clip.pretrained import get_pretrained_cfg

    plain = read_architecture("ViT-L-14")
    openai = get_pretrained_cfg("ViT-L-14", "openai")
    laion = get_pretrained_cfg("ViT-L-14", "laion2b_s32b_b82k")
    assert with_gelu(plain, False, openai, {})["quick_gelu"]
    assert not with_gelu(plain, False, laion, {})["quick_gelu"]
    assert with_gelu(plain, True, {}, {})["quick_gelu"]
    assert with_gelu(plain, False, {}, {"quick_gelu": True})["quick_gelu"]
    assert with_gelu(read_architecture("ViT-L-14-quickgelu"), False, {}, {})[
        "quick_gelu"
    ]


def test_what_a_checkpoint_says_of_preprocessing_holds_or_is_refused(tiny, capsys):
    half = {"mean": [0.5, 0.5, 0.5], "interpolation": "bilinear"}
    said = tiny.save(
        {"state_dict": tiny.tensors(), "preprocess_cfg": half}, "half_mean.pt"
    )
    loaded = load_clip(said)
    assert loaded.preprocess_cfg["mean"] == [0.5, 0.5, 0.5]
    assert loaded.preprocess_cfg["interpolation"] == "bilinear"
    assert "interpolation bilinear" in capsys.readouterr().err
    stated = tiny.folder / "stated.json"
    stated.write_text(
        json.dumps({"model_cfg": CONFIG, "preprocess_cfg": {"mean": [0.4, 0.4, 0.4]}})
    )
    assert "says mean" in refused(replace(said, model=str(stated)))
    large = tiny.save(
        {"state_dict": tiny.tensors(), "preprocess_cfg": {"size": 336}}, "large.pt"
    )
    assert "336 pixels" in refused(large)


def test_a_json_beside_the_checkpoint_tells_its_activation(tiny, clip):
    folder = tiny.folder / "beside"
    folder.mkdir()
    (folder / "tiny.pt").write_bytes(tiny.checkpoint.read_bytes())
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": CONFIG | {"quick_gelu": True}, "preprocess_cfg": {}})
    )
    loaded = load_clip(replace(tiny.request, checkpoint=folder / "tiny.pt"))
    assert loaded.model_cfg["quick_gelu"] and not clip.model_cfg["quick_gelu"]


def test_pixels_are_those_of_open_clips_own_transform(clip, tmp_path):
    draw(tmp_path / "one.jpg", 1, side=(90, 50))
    with Image.open(tmp_path / "one.jpg") as image:
        whole = clip.preprocess(image)
        bytes_ = PixelsOf(clip)(image)
    mean, std = (
        torch.tensor(clip.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std")
    )
    assert bytes_.dtype == torch.uint8
    assert torch.equal(bytes_.float().div(255).sub(mean).div(std), whole)


def test_vectors_are_open_clips_own_whatever_the_batch_and_the_threads(clip, tmp_path):
    files = [tmp_path / f"{number}.jpg" for number in range(19)]
    for number, file in enumerate(files):
        draw(file, number)
    pictures = [Picture(file) for file in files]
    found = []
    for batch_size, threads in ((1, 1), (8, 2), (64, 1)):
        torch.set_num_threads(threads)
        made = embed_pictures(clip, pictures, batch_size=batch_size, workers=0)
        found.append(b"".join(batch.vectors.tobytes() for batch in made))
    torch.set_num_threads(1)
    assert found[0] == found[1] == found[2]
    with torch.inference_mode(), Image.open(files[3]) as image:
        wanted = clip.model.encode_image(clip.preprocess(image)[None], normalize=True)
        texts = clip.model.encode_text(clip.tokenizer(["a lake"]), normalize=True)
    row = torch.frombuffer(bytearray(found[0]), dtype=torch.float32).view(19, -1)[3]
    assert torch.allclose(row, wanted[0], atol=1e-6)
    own = embed_texts(clip, ["a lake"], batch_size=1)
    assert torch.allclose(torch.from_numpy(own), texts, atol=1e-6)


def test_other_processes_decode_the_same(clip, tmp_path):
    for number in range(5):
        draw(tmp_path / f"{number}.jpg", number)
    pictures = [Picture(tmp_path / f"{number}.jpg") for number in range(6)]
    here, there = (
        list(embed_pictures(clip, pictures, batch_size=2, workers=workers))
        for workers in (0, 2)
    )
    assert [one.vectors.tobytes() for one in here] == [
        one.vectors.tobytes() for one in there
    ]
    assert [one.faults for one in there][-1] == [(5, "no such file")]


def test_texts_longer_than_the_model_reads_are_counted(clip):
    # 75 words and two marks are 77 tokens.
    assert count_cut(clip, ["road " * 75, "road " * 76, "x1 " * 60, "road"]) == 2
