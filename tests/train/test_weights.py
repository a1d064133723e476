"""What a training leaves is read by plain open_clip, and by Skyloom's own loader."""

import numpy as np
import torch
from PIL import Image

from skyloom.clip_models import ClipRequest, load_clip
from skyloom.clip_vectors import embed_images
from train.augment import training_augment
from train.state import CONFIG, WEIGHTS

IMAGE = Image.effect_noise((40, 30), 90).convert("RGB")


def test_open_clip_loads_the_weights_by_path(train_tiny, data):
    folder = train_tiny("out", "--epochs", 1) / "weights"
    import open_clip

    open_clip.add_model_config(data / "tiny.json")
    by_path, _, preprocess = open_clip.create_model_and_transforms(
        "tiny", pretrained=str(folder / WEIGHTS)
    )
    by_folder, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    vectors = []
    for model in (by_path, by_folder):
        with torch.inference_mode():
            pixels = preprocess(IMAGE)[None]
            vectors.append(model.eval().encode_image(pixels, normalize=True).numpy())
    ours = load_clip(ClipRequest(str(folder / CONFIG), checkpoint=folder / WEIGHTS))
    vectors.append(embed_images(ours, [IMAGE], batch_size=1))
    assert np.array_equal(vectors[0], vectors[1])
    assert np.allclose(vectors[0], vectors[2], atol=1e-5)


def test_a_training_begins_from_the_weights_of_another(train_tiny):
    first = train_tiny("first", "--epochs", 1) / "weights" / WEIGHTS
    second = train_tiny("second", "--epochs", 1, "--pretrained", first, "--lr", "1e-12")
    one, two = (
        load_clip(ClipRequest(str(f.parent / CONFIG), checkpoint=f)).model.state_dict()
        for f in (first, second / "weights" / WEIGHTS)
    )
    assert all(torch.allclose(one[name], two[name], atol=1e-6) for name in one)


def test_views_are_of_pair_and_epoch_and_nothing_else():
    cfg = {"size": [16, 16], "mean": [0.5] * 3, "std": [0.5] * 3}
    cfg |= {"interpolation": "bicubic", "resize_mode": "shortest"}
    published = {"use_timm": True, "color_jitter": 0.4, "scale": [0.67, 1.0]}
    published |= {"ratio": [0.5, 2.0]}
    views = training_augment(cfg, published, quarter_turns=True, seed=0)
    first = views(IMAGE, 0, 5)
    assert first.shape == (3, 16, 16)
    assert first.dtype == torch.uint8
    before = torch.get_rng_state()
    views(IMAGE, 3, 9)
    assert torch.get_rng_state().equal(before)
    assert views(IMAGE, 0, 5).equal(first)
    assert not views(IMAGE, 1, 5).equal(first)


def test_quarter_turns_are_all_there():
    cfg = {"size": [8, 8], "mean": [0.5] * 3, "std": [0.5] * 3}
    cfg |= {"interpolation": "bilinear", "resize_mode": "shortest"}
    image = Image.new("RGB", (8, 8))
    image.paste((255, 255, 255), (0, 0, 4, 4))
    still = {"use_timm": True, "scale": [1.0, 1.0], "ratio": [1.0, 1.0]}
    views = training_augment(cfg, still, quarter_turns=True, seed=0)
    corners = [(0, 0), (0, 7), (7, 0), (7, 7)]
    seen = set()
    for place in range(40):
        view = views(image, 0, place)[0]
        seen |= {at for at in corners if int(view[at]) > 200}
    assert seen == set(corners)
