"""Which pairs a release is of: one gated query over the catalog."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from skyloom.catalog import Catalog
from skyloom.duck import quoted
from skyloom.errors import SkyloomError, UsageError
from skyloom.release.order import Order

BATCH_ROWS = 10_000
# Columns of `sources` that a catalog has if it was built for releases.
NEEDED = {"redistributable", "view_prefix"}

EVERY_PAIR = """
select images.image_id, scenes.split, null::double as similarity
from images
inner join scenes on images.scene_id = scenes.scene_id
"""
SELECTED = """
select training_pairs.image_id, training_pairs.split, selections.similarity
from training_pairs
inner join selections
    on
        training_pairs.selection = selections.selection
        and training_pairs.image_id = selections.image_id
where training_pairs.selection = {selection} and training_pairs.style = {style}
"""
# One row for each image with its captions in one style. The user's words stand on lines
# of their own, so that a comment in them cannot swallow what follows.
CHOICE = """
with chosen as ({chosen}),

styled as (
    select * from captions where style = {style}
),

worded as (
    select scene_id, polished
    from polished_captions
    where style = {style} and caption_source = 'polished'
),

pairs as (
    select
        images.*,
        styled.* exclude (scene_id, source),
        scenes.* exclude (
            scene_id, object_id, source, box_id, west, south, east, north, width_px,
            height_px, osm_snapshot, bbox, geometry, split
        ),
        chosen.split,
        chosen.similarity,
        worded.polished
    from images
    inner join chosen on images.image_id = chosen.image_id
    inner join styled on images.scene_id = styled.scene_id
    inner join scenes on images.scene_id = scenes.scene_id
    left join worded on images.scene_id = worded.scene_id
),

wanted as (
    select * from pairs where {where}
)

select
    wanted.image_id,
    wanted.scene_id,
    wanted.source,
    wanted.filepath as chip,
    wanted.sha256,
    wanted.n_bytes,
    wanted.west,
    wanted.south,
    wanted.east,
    wanted.north,
    wanted.crs,
    wanted.transform,
    wanted.width_px,
    wanted.height_px,
    wanted.gsd_x_m,
    wanted.gsd_y_m,
    wanted.acquired,
    wanted.acquired_precision,
    wanted.osm_snapshot,
    wanted.source_image_ids,
    wanted.recipe,
    wanted.license,
    wanted.attribution,
    wanted.drawn,
    wanted.country,
    wanted.split,
    wanted.title,
    wanted.title_multi_objects,
    wanted.polished,
    wanted.similarity,
    sources.name as source_name,
    sources.view_prefix,
    case
        when {private} then null
        when trim(coalesce(wanted.license, '')) = '' then 'its licence is not stated'
        when trim(coalesce(wanted.attribution, '')) = '' then 'nobody is named for it'
        when not coalesce(sources.redistributable, true)
            then 'its licence forbids sharing'
        when contains(lower(wanted.license), 'not for release')
            then 'it is not for release'
    end as left_out
from wanted
left join sources on wanted.source = sources.source
"""


def choose(catalog: Catalog, order: Order) -> Iterator[pa.RecordBatch]:
    """The pairs of an order with all that a release says of them, in any order.

    `left_out` is why the pixels of a pair cannot be passed on, or null.

    Raises:
        UsageError: `where` is not SQL, or the catalog has no such style or selection.
        SkyloomError: the catalog was built before releases knew its columns.
    """
    _check(catalog, order)
    words = {"style": quoted(order.style), "selection": quoted(order.selection)}
    sql = CHOICE.format(
        chosen=(SELECTED if order.selection else EVERY_PAIR).format(**words),
        where=f"(\n{order.where}\n)" if order.where else "true",
        private="true" if order.private else "false",
        **words,
    )
    try:
        yield from catalog.query(sql).to_arrow_reader(BATCH_ROWS)
    # Some faults of a condition show in a row and not before.
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise UsageError(f"the query failed: {error}") from None


def _check(catalog: Catalog, order: Order) -> None:
    described = catalog.query("select * from sources limit 0").description or ()
    if not {name for name, *_ in described} >= NEEDED:
        raise SkyloomError(
            "the catalog is older than this Skyloom",
            where=str(catalog.folder),
            remedy="run `skyloom build`",
        )
    _require(catalog, "style", order.style, "captions")
    if order.selection:
        _require(catalog, "selection", order.selection, "selections")


def _require(catalog: Catalog, column: str, name: str, table: str) -> None:
    found = catalog.query(
        f"select distinct {column} from {table} order by 1"
    ).fetchall()
    names = [row[0] for row in found]
    # A catalog without any rows says so itself, later.
    if names and name not in names:
        raise UsageError(
            f"there is no {column} {name!r}",
            remedy=f"the {column}s of this catalog are {', '.join(names)}",
        )
