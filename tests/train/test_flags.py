"""The flags: the published command's by name, and the page that lists them."""

from dataclasses import fields
from pathlib import Path

import pytest

from skyloom.errors import UsageError
from train.config import TrainConfig, changed, names, read_config
from train.flags import as_table, parse_flags, read_flags
from train.train_command import Asked

DOCS = Path(__file__).resolve().parents[2] / "docs" / "train.md"
PUBLISHED = """
--root-data-dir /data --train-data a.csv --val-data b.csv --csv-img-key filepath
--csv-caption-key title_multi_objects --csv-separator , --batch-size 128 --lr=1e-9
--wd=1.0 --epochs 20 --warmup 1000 --workers 8 --model ViT-B-32 --precision amp
--pretrained laion2b_e16 --random-rotation --save-frequency 1 --report-to tensorboard
--aug-cfg use_timm=True color_jitter=0.4 scale=(0.67,1.0) ratio=(0.5,2.0) --seed 0
--local-loss --gather-with-grad
"""


def test_the_published_command_is_accepted_by_name():
    values, idle = parse_flags(PUBLISHED.split())
    assert idle == ["--report-to", "--local-loss", "--gather-with-grad"]
    config = changed(TrainConfig(), values, "flags")
    assert (config.lr, config.wd, config.batch_size) == (1e-9, 1.0, 128)
    assert config.captions == {"title_multi_objects": 1.0}
    assert config.augment["scale"] == (0.67, 1.0)
    assert config.random_rotation is True
    assert config.csv_separator == ","


def test_each_flag_sets_a_setting_and_each_setting_has_a_flag():
    settings = {one.name for one in fields(TrainConfig)}
    assert {flag.field for flag in read_flags().values() if flag.field} == settings


def test_the_page_has_the_table():
    assert as_table() in DOCS.read_text()


@pytest.mark.parametrize("name", names())
def test_each_configuration_is_one(name):
    config = read_config(name)
    assert config.global_batch > 1
    published = name.startswith("published")
    assert (config.lr < 1e-8) is published
    assert f"`{name}`" in DOCS.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--siglip", "--siglip is not supported"),
        ("--learning-rate 1", "no flag '--learning-rate'"),
        ("--lr fast", "'fast' is not a number"),
        ("--epochs 1.5", "'1.5' is not a whole number"),
        ("--random-rotation yes", "takes no value"),
        ("--lr", "takes one value, and has 0"),
        ("--captions title", "'title' is not NAME=VALUE"),
        ("--batch-size 4 --global-batch 8", "at once"),
    ],
)
def test_a_wrong_flag_is_one_sentence(words, said):
    with pytest.raises(UsageError, match=said):
        parse_flags(words.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr = 'x'", "lr is 'x', not a number"),
        ("speed = 1", "no setting 'speed'"),
        ("epochs = 0", "epochs is 0, less than 1"),
        ("precision = 'fp8'", "choose of auto, fp32"),
        ("[captions]\ntitle = 0", "captions has to give"),
        ("lr = ", "not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path, text, said):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_config(str(tmp_path / "c.toml"))


def test_the_line_for_several_gpus():
    asked = Asked("vit_b32", ["--lr", "1e-5", "--train-data", "a b.csv"], Path("l"))
    assert asked.line(4) == (
        "torchrun --standalone --nproc_per_node 4 -m skyloom.cli train "
        "--config vit_b32 --lake l --lr 1e-5 --train-data 'a b.csv'"
    )
