"""What decays, what is locked, and how the learning rate goes."""

import math
from dataclasses import replace

import pytest

from train.config import TrainConfig, read_config
from train.optimiser import lr_at, make_optimiser
from train.student import make_student


@pytest.fixture
def config(data):
    return read_config(str(data / "tiny.toml"))


def test_biases_norms_and_the_scale_do_not_decay(config):
    model = make_student(config, "cpu").model
    optimiser = make_optimiser(model.named_parameters(), config, fused=False)
    names = {id(p): name for name, p in model.named_parameters()}
    still, decaying = (
        {names[id(p)] for p in group["params"]} for group in optimiser.param_groups
    )
    assert still | decaying == set(names.values())
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0, config.wd]
    assert {"logit_scale", "ln_final.weight", "visual.ln_pre.bias"} <= still
    assert {"text_projection", "visual.conv1.weight", "token_embedding.weight"} <= (
        decaying
    )
    assert not any("bias" in name or "ln_" in name for name in decaying)


def test_a_locked_tower_has_no_place_in_the_optimiser(config):
    locked = replace(config, lock_image=True)
    model = make_student(locked, "cpu").model
    optimiser = make_optimiser(model.named_parameters(), locked, fused=False)
    names = {id(p): name for name, p in model.named_parameters()}
    free = {names[id(p)] for g in optimiser.param_groups for p in g["params"]}
    assert not [name for name in free if name.startswith("visual.")]
    assert "token_embedding.weight" in free


def test_a_locked_text_tower_stays_as_it_is(train_tiny):
    from skyloom.clip_weights import read_weights

    end = "weights/open_clip_model.safetensors"
    one = read_weights(train_tiny("one", "--lock-text", "--epochs", 1) / end).tensors
    two = read_weights(train_tiny("two", "--lock-text", "--epochs", 2) / end).tensors
    name = "transformer.resblocks.0.mlp.c_fc.weight"
    assert one[name].equal(two[name])
    assert not one["visual.conv1.weight"].equal(two["visual.conv1.weight"])


def test_the_schedule_is_open_clips():
    from open_clip_train.scheduler import cosine_lr  # type: ignore[import-untyped]

    class Recorder:
        param_groups = [{"lr": 0.0}]  # noqa: RUF012

    config = TrainConfig(lr=3e-4, warmup=10)
    theirs = cosine_lr(Recorder(), config.lr, 10, 50)
    for step in range(50):
        theirs(step)
        assert lr_at(step, 50, config) == pytest.approx(
            Recorder.param_groups[0]["lr"], rel=1e-12
        )
    assert lr_at(0, 50, config) == pytest.approx(3e-5)
    assert math.isclose(lr_at(10, 50, config), 3e-4)
