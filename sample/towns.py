"""More towns like the first, beside it: other houses, and turned by quarters."""

from dataclasses import replace

from sample.elements import Elements, Node, Relation, Way, to_degrees, to_metres
from sample.town import ORIGIN, town

# The middle of a town from its origin, and from one town to the next: wider than a
# town with the margins of its image, whichever way it is turned.
MIDDLE_M = (800.0, 600.0)
STEP_M = 2000.0
COLUMNS = 4
# More than a town has of anything, and than the id that is missing on purpose.
IDS = 1_000_000


def nth_town(number: int) -> Elements:
    """The first town (1) as it is, or another: its seed, its place, its turn.

    Ids are unique over all towns. The landmarks of every town are the same.
    """
    drawn = town(seed=number - 1)
    if number == 1:
        return drawn
    k = number - 1
    return Elements(
        tuple(_moved(node, k) for node in drawn.nodes),
        tuple(_renumbered_way(way, k * IDS) for way in drawn.ways),
        tuple(_renumbered_relation(one, k * IDS) for one in drawn.relations),
    )


def _moved(node: Node, k: int) -> Node:
    middle = (ORIGIN[0] + MIDDLE_M[0], ORIGIN[1] + MIDDLE_M[1])
    east, north = to_metres(node.lon, node.lat)
    x, y = east - middle[0], north - middle[1]
    for _ in range(k % 4):
        x, y = -y, x
    lon, lat = to_degrees(
        middle[0] + x + STEP_M * (k % COLUMNS), middle[1] + y + STEP_M * (k // COLUMNS)
    )
    return replace(node, id=node.id + k * IDS, lon=lon, lat=lat)


def _renumbered_way(way: Way, shift: int) -> Way:
    refs = tuple(ref + shift for ref in way.refs)
    return replace(way, id=way.id + shift, refs=refs)


def _renumbered_relation(relation: Relation, shift: int) -> Relation:
    members = tuple((kind, ref + shift, role) for kind, ref, role in relation.members)
    return replace(relation, id=relation.id + shift, members=members)
