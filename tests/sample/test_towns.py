"""More towns beside the first."""

from collections import Counter

from sample.elements import to_metres
from sample.town import town
from sample.towns import STEP_M, nth_town


def box(elements):
    places = [to_metres(node.lon, node.lat) for node in elements.nodes]
    return [f(at[k] for at in places) for k in (0, 1) for f in (min, max)]


def test_the_first_is_the_town_itself():
    assert nth_town(1) == town()


def test_others_stand_apart_with_ids_of_their_own():
    towns = [nth_town(number) for number in (1, 2, 5, 6)]
    for kind in ("nodes", "ways", "relations"):
        ids = Counter(one.id for t in towns for one in getattr(t, kind))
        assert max(ids.values()) == 1
    boxes = [box(t) for t in towns]
    for i, (west, east, south, north) in enumerate(boxes):
        for w, e, s, n in boxes[:i]:
            assert max(w - east, west - e, s - north, south - n) > STEP_M - 1700


def test_references_go_with_the_ids():
    second = nth_town(2)
    nodes = {node.id for node in second.nodes}
    assert all(set(way.refs) <= nodes for way in second.ways)
    assert [way.tags for way in second.ways] != [way.tags for way in town().ways]
