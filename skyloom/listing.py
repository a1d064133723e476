"""The images of a catalog with their place, split and captions, as one query."""

from skyloom import gate
from skyloom.box import BOX_ORDER
from skyloom.duck import quoted
from skyloom.errors import UsageError
from skyloom.opened import AnyCatalog

# One row for each image; conditions see all columns of the three tables.
IMAGES = """
with styled as (
    select * from captions where style = {style}
),

described as (
    select
        images.*,
        styled.* exclude (scene_id, source),
        scenes.* exclude (
            scene_id, object_id, source, box_id, west, south, east, north, width_px,
            height_px, osm_snapshot
        )
    from images
    inner join scenes on images.scene_id = scenes.scene_id
    left join styled on images.scene_id = styled.scene_id
),

wanted as (
    select * from described where {where}
)

select
    image_id,
    source,
    country,
    split,
    title,
    title_multi_objects,
    acquired,
    gsd_x_m,
    west,
    south,
    east,
    north,
    license,
    filepath{geometry}
from wanted
where {box}
order by image_id
{limit}
"""


def images_sql(
    catalog: AnyCatalog,
    *,
    where: str | None,
    bbox: str | None,
    style: str,
    limit: int | None,
    with_geometry: bool,
) -> str:
    """The query that lists images; a condition and a box are fit to stand in it.

    Raises:
        UsageError: the condition, the box or the style is none.
    """
    _check_style(catalog, style)
    return IMAGES.format(
        style=quoted(style),
        where=gate.one_condition(where) if where is not None else "true",
        box=_touches(bbox) if bbox is not None else "true",
        limit=f"limit {limit}" if limit else "",
        geometry=",\n    bbox,\n    geometry" if with_geometry else "",
    )


def parse_box(text: str) -> tuple[float, float, float, float]:
    """The box `W,S,E,N`; one whose west is east of its east crosses the antimeridian.

    Raises:
        UsageError: the text is no box.
    """
    try:
        west, south, east, north = (float(number) for number in text.split(","))
    except ValueError:
        raise UsageError(
            "not four numbers", where=f"--bbox {text}", remedy=BOX_ORDER
        ) from None
    # Written so that what is not a number fails as well.
    on_earth = all(abs(x) <= 180 for x in (west, east)) and -90 <= south <= north <= 90
    if not on_earth:
        raise UsageError("no box on Earth", where=f"--bbox {text}", remedy=BOX_ORDER)
    return west, south, east, north


def _touches(bbox: str) -> str:
    west, south, east, north = parse_box(bbox)
    across = "and" if west <= east else "or"
    return (
        f"(east >= {west!r} {across} west <= {east!r})"
        f" and north >= {south!r} and south <= {north!r}"
    )


def _check_style(catalog: AnyCatalog, style: str) -> None:
    found = catalog.query("select distinct style from captions order by style")
    styles = [row[0] for row in found.fetchall()]
    if styles and style not in styles:
        raise UsageError(
            f"there are no captions of a style {style!r}",
            remedy=f"the styles of this catalog are {', '.join(styles)}",
        )
