"""A training that was killed goes on as if it had not been."""

import hashlib

import pytest

from skyloom.errors import UsageError
from train.run_log import read_log
from train.state import newest_state
from train.step import Stepper


def weights(out):
    return hashlib.sha256(
        (out / "weights" / "open_clip_model.safetensors").read_bytes()
    )


def digest(out):
    return weights(out).hexdigest()


class Killed(BaseException):
    """As SIGKILL: nothing of the training handles it."""


def kill_at(monkeypatch, step):
    whole = Stepper.__call__

    def killed(self, parts, number):
        if number == step:
            raise Killed
        return whole(self, parts, number)

    monkeypatch.setattr(Stepper, "__call__", killed)


# Of 12 steps: within the first epoch, at its end, within a later one.
@pytest.mark.parametrize("step", [3, 4, 11])
def test_a_killed_training_ends_as_an_uninterrupted_one(train_tiny, monkeypatch, step):
    whole = train_tiny("whole", "--save-every", 2)
    with monkeypatch.context() as patch:
        kill_at(patch, step)
        with pytest.raises(Killed):
            train_tiny("killed", "--save-every", 2)
    # What the kill left half written.
    killed = whole.with_name("killed")
    assert newest_state(killed)
    (killed / "states" / ".step_000000099.pt.part").write_bytes(b"half")
    with (killed / "log.jsonl").open("a") as log:
        log.write('{"kind": "tra')
    train_tiny("killed", "--save-every", 2)
    assert read_log(killed) == read_log(whole)
    assert digest(killed) == digest(whole)
    steps = [line["step"] for line in read_log(whole) if line["kind"] == "train"]
    assert steps == list(range(1, 13))


def test_the_same_twice_and_with_workers_is_the_same(train_tiny):
    first, second = train_tiny("first"), train_tiny("second", "--workers", 2)
    assert digest(first) == digest(second)
    assert read_log(first) == read_log(second)
    assert digest(train_tiny("other", "--seed", 1)) != digest(first)


def test_a_finished_training_is_not_done_again(train_tiny, monkeypatch):
    out = train_tiny("out", "--epochs", 1)
    kill_at(monkeypatch, 0)
    assert train_tiny("out", "--epochs", 1) == out


def test_only_the_same_training_goes_on(train_tiny, data):
    text = (data / "train.csv").read_text()
    (data / "other.csv").write_text(text.replace("pool", "pond"))
    out = train_tiny("out", "--epochs", 1)
    with pytest.raises(UsageError, match=r"was trained with lr 0\.01, not 0\.02"):
        train_tiny("out", "--epochs", 1, "--lr", "0.02")
    with pytest.raises(UsageError, match="was trained on other pairs"):
        train_tiny(
            "out", "--epochs", 1, "--train-data", data / "other.csv", "--val-data", ""
        )
    # What decides no weight may differ.
    train_tiny("out", "--epochs", 1, "--log-every-n-steps", 5)
    assert sorted(one.name for one in (out / "states").iterdir()) == [
        "step_000000004.pt"
    ]


def test_a_state_of_choice(train_tiny):
    whole = train_tiny("whole", "--keep-states", 9)
    states = sorted((whole / "states").iterdir())
    assert len(states) == 3
    again = train_tiny("again", resume=states[0])
    assert digest(again) == digest(whole)
