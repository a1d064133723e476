"""README.md: the card of a release, for a person and for Hugging Face's hub."""

from typing import Any

import yaml

from skyloom.release.huggingface import FOLDER, features
from skyloom.release.order import Order
from skyloom.release.pairs import Pairs
from skyloom.release.terms import PRIVATE, image_licenses

# The hub's own names of licences; any other is "other".
HUB = {
    "cc0-1.0": "cc0-1.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "odbl-1.0": "odbl",
    "pddl-1.0": "pddl",
}
SIZES = {10**3: "n<1K", 10**4: "1K<n<10K", 10**5: "10K<n<100K", 10**6: "100K<n<1M"}
FILES = {
    "skyscript": (
        "`images2/` to `images7/`, `pairs.csv`, `pairs_{split}.csv` and "
        "`metadata.jsonl` are laid out as SkyScript is. `SkyScript_{split}_*.csv` are "
        "the same as `pairs_{split}.csv` under the names that its programs look for: "
        "no CLIP model has filtered them unless `export.json` names such a selection. "
        "Commas separate the columns (open_clip: `--csv-separator ,`)."
    ),
    "webdataset": (
        "`webdataset/{split}/*.tar` hold samples of .jpg, .txt (title), .multi.txt "
        "(with surroundings) and .json; `sizes.json` counts them, so that open_clip "
        "needs no `--train-num-samples`."
    ),
    "huggingface": (
        "`data/*.parquet` hold images and columns: "
        '`datasets.load_dataset("path/of/this/folder")`.'
    ),
    "croissant": "`croissant.json` describes the files to `mlcroissant`.",
    "stac": (
        "`collection.json` and `items.parquet` (STAC GeoParquet) hold place, time, "
        "grid and file of each image; their paths start at this folder."
    ),
}


def card(pairs: Pairs, order: Order) -> str:
    """The card; with Hugging Face's form, its YAML stands on top."""
    lines = ["# Images from above with captions from OpenStreetMap", ""]
    lines += [PRIVATE, ""] if order.private else []
    parts = ", ".join(f"{count:,} {split}" for split, count in pairs.splits.items())
    lines += [
        f"{pairs.n_pairs:,} image-text pairs ({parts or 'no pixels'}), made by Skyloom "
        f"in the caption style `{order.style}`.",
        "",
        *(f"- {FILES[name]}" for name in order.formats),
        "- `metadata.parquet` holds captions, place, time, tags, terms of each image.",
    ]
    if pairs.n_left_out:
        lines += [
            "- `recipes.parquet` and `recipes.csv` hold boxes, captions and what to "
            f"cut for {pairs.n_left_out:,} images whose pixels cannot be passed on: "
            "`width_px` x `height_px` pixels at `transform` in `crs`, out of "
            "`source_image_ids`."
        ]
    lines += [
        "",
        "Whose it is: [ATTRIBUTION.md](ATTRIBUTION.md), [LICENSES.md](LICENSES.md). "
        "What it cannot say: [LIMITS.md](LIMITS.md). What is new: "
        "[CHANGES.md](CHANGES.md). Check the files with `sha256sum -c SHA256SUMS`.",
    ]
    text = "\n".join(lines) + "\n"
    if "huggingface" not in order.formats:
        return text
    matter = yaml.safe_dump(_matter(pairs), sort_keys=False, allow_unicode=True)
    return f"---\n{matter}---\n\n{text}"


def _matter(pairs: Pairs) -> dict[str, Any]:
    query = "select split, sum(n_bytes)::bigint as n from pairs group by split"
    sizes = {row["split"]: row["n"] for row in pairs.ask(query)}
    splits = pairs.splits or {"train": 0}
    known = [HUB.get(text.lower(), "other") for text in image_licenses(pairs)]
    size = next((name for top, name in SIZES.items() if pairs.n_pairs < top), "n>1M")
    return {
        "pretty_name": "Images from above with captions from OpenStreetMap",
        "license": sorted({"odbl", *known}),
        "task_categories": ["zero-shot-image-classification", "image-to-text"],
        "language": ["en"],
        "tags": ["remote-sensing", "openstreetmap", "geospatial"],
        "size_categories": [size],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"{FOLDER}/{split}-*.parquet"}
                    for split in splits
                ],
            }
        ],
        "dataset_info": {
            "config_name": "default",
            "features": features(),
            "splits": [
                {
                    "name": split,
                    "num_bytes": int(sizes.get(split) or 0),
                    "num_examples": count,
                }
                for split, count in splits.items()
            ],
        },
    }
