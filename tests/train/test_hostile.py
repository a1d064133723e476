"""Files that anyone may have made: refused in one sentence, nothing executed."""

import pickle
import struct
import zlib

import pytest
import torch

from skyloom.errors import SkyloomError, UsageError


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def trained(train_tiny):
    out = train_tiny("good", "--epochs", 1)
    (state,) = (out / "states").iterdir()
    return state


def refused(run, said):
    with pytest.raises(UsageError, match=said) as error:
        run()
    assert "\n" not in error.value.sentence()


def test_a_pickle_with_code_is_neither_weights_nor_a_state(train_tiny, data):
    trap, bad = data / "sprung", data / "bad.pt"
    for content in ({"state_dict": Trap(trap)}, Trap(trap)):
        torch.save(content, bad)
        refused(lambda: train_tiny("out", "--pretrained", bad), "could run code")
        refused(lambda: train_tiny("out", resume=bad), "could run code")
    bad.write_bytes(pickle.dumps(Trap(trap)))
    refused(lambda: train_tiny("out", "--pretrained", bad), "bad.pt")
    assert not trap.exists()


def test_a_state_that_is_truncated_or_of_others(train_tiny, data, trained):
    whole = trained.read_bytes()
    cut = data / "cut.pt"
    cut.write_bytes(whole[: len(whole) // 2])
    refused(lambda: train_tiny("out", resume=cut), "is no checkpoint, or a damaged")
    weights = data / "good" / "weights" / "open_clip_model.safetensors"
    torch.save(torch.load(trained, weights_only=True)["state_dict"], cut)
    refused(lambda: train_tiny("out", resume=cut), "no state to resume from")
    refused(
        lambda: train_tiny("o", "--pretrained", weights, "--model", "ViT-B-32"),
        "the checkpoint is for images of",
    )


def test_weights_that_are_no_numbers(train_tiny, data, trained):
    state = torch.load(trained, weights_only=True)
    state["state_dict"]["logit_scale"].fill_(float("nan"))
    torch.save(state, data / "nan.pt")
    for flags, resume in ((("--pretrained", data / "nan.pt"), None), ((), "nan.pt")):
        refused(
            lambda flags=flags, resume=resume: train_tiny(
                "out", *flags, resume=resume and data / resume
            ),
            "weights of logit_scale are not finite numbers",
        )


def bomb(path):
    """A PNG of a few bytes that unpacks to gigabytes."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
        )

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


def test_an_image_bomb(train_tiny, data):
    bomb(data / "images" / "004.jpg")
    with pytest.raises(
        SkyloomError, match=r"004\.jpg: (no readable|an) image"
    ) as error:
        train_tiny("out")
    assert "\n" not in error.value.sentence()


@pytest.mark.parametrize(
    "path", ["../secret.jpg", "/etc/passwd", "images/../../x.jpg", ".", "a\0b"]
)
def test_a_csv_with_paths_outside_its_root(train_tiny, data, make_csv, path):
    rows = [("images/000.jpg", "x", "y"), (path, "x", "y")]
    make_csv(data / "train.csv", rows)
    with pytest.raises(UsageError, match=r"train\.csv:3: the path|is no CSV"):
        train_tiny("out")


def test_a_loss_that_is_no_number_ends_the_training(train_tiny, data):
    with pytest.raises(SkyloomError, match=r"the loss of step .* is nan"):
        train_tiny("out", "--lr", "1e30", "--warmup", 1, "--grad-clip-norm", 0)
