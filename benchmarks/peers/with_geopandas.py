"""The shares of boxes by geopandas: sjoin, then shapely on the pairs that cross.

The same rows as the model scene_objects gives. Written for speed: arrays throughout,
and what lies wholly inside a box is not clipped.
"""

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

BOX = ["scene_id", "object_id", "west", "south", "east", "north"]
BOX += ["width_px", "height_px", "geometry"]
LEAST_SHARE = 5e-10
ORDER = ["box", "role", "prominence", "extent_px", "object_id"]


def main(tables: Path, out: Path) -> None:
    """Write the shares of the tables' boxes."""
    boxes = gpd.read_parquet(tables / "main" / "scenes.parquet", columns=BOX)
    columns = ["object_id", "kind", "geometry"]
    objects = gpd.read_parquet(tables / "main" / "objects.parquet", columns=columns)
    shares(boxes, objects).to_parquet(out, index=False, compression="zstd")


def shares(boxes: gpd.GeoDataFrame, objects: gpd.GeoDataFrame) -> pd.DataFrame:
    """One row for each box and object in it, ranked; both have a plain index."""
    pairs = gpd.sjoin(
        boxes[["geometry"]], objects[["geometry"]], predicate="intersects"
    )
    left, right = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
    del pairs
    box = boxes.drop(columns="geometry").iloc[left].reset_index(drop=True)
    visible, crossing = clipped(boxes, objects, left, right)
    spans = (box["east"] - box["west"]) * (box["north"] - box["south"])
    least = LEAST_SHARE * spans.to_numpy()
    is_area = objects["kind"].to_numpy()[right] == "area"
    # What only touches the box shows nothing in it.
    shows = np.where(
        is_area, shapely.area(visible) >= least, shapely.length(visible) > 0
    )
    kept = ~crossing | shows
    box, visible, left, right = box[kept], visible[kept], left[kept], right[kept]
    whole = objects.geometry.array[right]
    kind = objects["kind"].to_numpy()[right]
    is_area, is_line = kind == "area", kind == "line"
    size = np.where(is_area, shapely.area(visible), shapely.length(visible))
    of = np.where(is_area, shapely.area(whole), shapely.length(whole))
    share = size / ((box["east"] - box["west"]) * (box["north"] - box["south"]))
    bounds = shapely.bounds(visible)
    across = (bounds[:, 2] - bounds[:, 0]) / (box["east"] - box["west"])
    along = (bounds[:, 3] - bounds[:, 1]) / (box["north"] - box["south"])
    extent = np.maximum(across * box["width_px"], along * box["height_px"]).round(3)
    with np.errstate(invalid="ignore"):
        fraction = np.where(is_area | is_line, size / of, np.nan)
    object_id = objects["object_id"].to_numpy()[right]
    is_focus = object_id == box["object_id"].to_numpy()
    found = pd.DataFrame(
        {
            "box": left,
            "scene_id": box["scene_id"].to_numpy(),
            "object_id": object_id,
            "role": np.where(is_focus, "focus", "surrounding"),
            "kind": kind,
            "share_of_box": share.where(is_area).round(9).to_numpy(),
            "visible_fraction": fraction.round(9),
            "extent_px": extent.where(is_area | is_line).to_numpy(),
        }
    )
    long_px = box[["width_px", "height_px"]].max(axis=1).to_numpy()
    prominence = found["share_of_box"].fillna(found["extent_px"] / long_px).fillna(0)
    return ranked(found.assign(prominence=prominence.round(9)))


def clipped(
    boxes: gpd.GeoDataFrame, objects: gpd.GeoDataFrame, left: Any, right: Any
) -> Any:
    """What each pair's box shows of its object, and which had to be clipped."""
    shapes = objects.geometry.to_numpy()
    own, frame = objects.bounds.to_numpy()[right], boxes.bounds.to_numpy()[left]
    inside = (own[:, :2] >= frame[:, :2]).all(1) & (own[:, 2:] <= frame[:, 2:]).all(1)
    visible = shapes[right]
    crossing = ~inside & (objects["kind"].to_numpy()[right] != "point")
    visible[crossing] = shapely.intersection(
        visible[crossing], boxes.geometry.to_numpy()[left][crossing]
    )
    return visible, crossing


def ranked(found: pd.DataFrame) -> pd.DataFrame:
    """The rows in order, numbered within each box."""
    ascending = [True, True, False, False, True]
    found = found.sort_values(ORDER, ascending=ascending, na_position="last")
    rank = found.groupby("box").cumcount() + 1
    return found.assign(rank=rank.astype("int32")).drop(columns="box")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
