"""What real files hold and nobody expects: broken, hostile and ambiguous elements."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample.town import Builder

MISSING_WAY = 999_999
HOSTILE = "<script>alert(1)</script>"

# Added to the rows of the layout table that bear these names.
EDGE_TAGS = {
    "farmhouse": {"name": HOSTILE, "note": 'it\'s "the" farm; drop table objects;--'},
    "monument": {"description": "{{ ref('x') }} {% raw %} ${HOME} %s"},
    "boat_house": {"note": "first line\nsecond line\tand a tab"},
    "rest_b": {"description": "☕🎉 café — naïve ‮text"},
    "bench": {"inscription": "a=b|c;d,e \\ '' \"\""},
}


def add_edges(builder: "Builder") -> None:
    """Add the odd elements; none of them hides another."""
    named = builder.named
    # A closed line that is no area, and one that is an area only because it says so.
    ring = [(1480.0, 1000.0), (1520.0, 996.0), (1524.0, 1020.0), (1482.0, 1024.0)]
    loop = [*ring, ring[0]]
    builder.way(loop, {"highway": "service", "area": "no", "surface": "asphalt"})
    fence = [(1536.0, 986.0), (1552.0, 985.0), (1552.0, 974.0), (1536.0, 975.0)]
    builder.way([*fence, fence[0]], {"barrier": "fence", "area": "no"})
    # A way of one node, a way without tags, a node that nothing uses.
    builder.way([(1586.0, 30.0)], {"highway": "path", "note": "one node"})
    builder.way([(1586.0, 34.0), (1590.0, 40.0)], {})
    builder.node((1592.0, 50.0))
    # Incomplete: one member is in no file.
    part = builder.way([(965.0, 1100.0), (995.0, 1105.0), (990.0, 1130.0)], {})
    builder.relation(
        [("w", part, "outer"), ("w", MISSING_WAY, "outer")],
        {"type": "multipolygon", "natural": "wood", "name": "Half Wood"},
    )
    # An outer ring in two ways, with roles left out.
    west = builder.way(
        [(985.0, 1188.0), (970.0, 1170.0), (974.0, 1145.0), (988.0, 1142.0)], {}
    )
    east = builder.way([(988.0, 1142.0), (1004.0, 1156.0), (985.0, 1188.0)], {})
    builder.relation(
        [("w", west, "outer"), ("w", east, "outer")],
        {"type": "multipolygon", "landuse": "forest", "leaf_type": "needleleaved"},
    )
    builder.relation(
        [
            ("w", named[name], "")
            for name in ("main_w", "main_c", "main_bridge", "main_e")
        ],
        {"type": "route", "route": "road", "ref": "I 1", "network": "isle"},
    )
    builder.relation(
        [("w", named[name], "") for name in ("rail_w", "rail_b", "rail_e")],
        {"type": "route", "route": "train", "ref": "R1", "operator": "Isle Rail"},
    )
    builder.relation(
        [("w", _edge(builder), "outer"), ("n", builder.node((672.0, 570.0)), "label")],
        {
            "type": "boundary",
            "boundary": "administrative",
            "admin_level": "8",
            "name": "Skyloom",
            "wikidata": "Q99999999900",
        },
    )
    builder.relation(
        [("w", named["school_b"], "building"), ("w", named["school"], "perimeter")],
        {"type": "site", "site": "school", "name": "Isle Academy"},
    )


def _edge(builder: "Builder") -> int:
    corners = [(0.0, 0.0), (1600.0, 0.0), (1600.0, 1205.0), (0.0, 1205.0), (0.0, 0.0)]
    return builder.way(corners, {})
