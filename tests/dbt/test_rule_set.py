"""The rule set: what it decides of real tags, and each rule's own witness."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pytest

from skyloom.duck import connect, quoted
from tests.dbt.compiled import SEEDS, Models

RELATION = re.compile(r'"warehouse"\."main(_seeds)?"\."(\w+)"')
KINDS = {
    "point": "point(7.4 43.7)",
    "line": "linestring(7.4 43.7, 7.5 43.8)",
    "area": "polygon((7.4 43.7, 7.5 43.7, 7.5 43.8, 7.4 43.8, 7.4 43.7))",
}
OBJECTS = (
    "object_id varchar, kind varchar, area_m2 double, length_m double, "
    "tags map(varchar, varchar), bbox struct(xmin float, ymin float, xmax float, "
    "ymax float), geometry geometry"
)
# A tag that tells by itself that the object is hidden is decided by a hard rule.
HARD = {
    "deny_highway_corridor": "rule_indoors",
    "parking_underground": "rule_underground",
}
# The published captions say these; no rule may.
LEAKS = (
    "addr:street=Weathercrest Court",
    "voltage=15000",
    "object:suburb=Tempelhof",
    "denomination=lutheran",
    "office=estate_agent",
    "amenity=restaurant",
    "border_type=city",
    "winter_service=yes",
    "healthcare=hospital",
    "railway:freight=wood_chips",
    "note:post_town=Saint Louis",
    "functional_class=tertiary",
    "heritage=2",
    "admin_level=8",
    "addr:housenumber=3",
    "source=Esri",
)
# Families of which no tag can be seen, each by some that were met.
NEVER = (
    "name=Main Street|name:mk=Ulica|alt_name=High Street|official_name=A|uic_name=B",
    "addr:city=Vaduz|addr:postcode=9490|postal_code=9490|is_in=Malta",
    "ref=A6|ref:IFOPT=de:1|int_ref=E50|local_ref=A|uic_ref=85|old_ref=US 140",
    "phone=1|contact:phone=1|fax=1|email=a@b|website=http://a|contact:facebook=a|url=a",
    "opening_hours=24/7|collection_times=Mo|maxspeed:conditional=30 @ night",
    "operator=DB|operator:type=public|network=VRN|brand=BP|owner=Town|manufacturer=X",
    "source=survey|source:name=survey|created_by=JOSM|attribution=USGS",
    "note=here|fixme=position|FIXME=name|description=words|note:name=x|history=v1",
    "start_date=1900|check_date=2020|survey:date=2020|last_renovation=2009",
    "wikidata=Q1|operator:wikidata=Q1|wikipedia=de:A|brand:wikipedia=a",
    "wikimedia_commons=File:A|image=a.jpg|mapillary=1",
    "tiger:cfcc=A41|gnis:feature_id=1|openGeoDB:loc_id=1|naptan:Bearing=N|import_uuid=1",
    "access=private|bicycle=no|foot=yes|hgv=no|toll=yes|oneway=yes|oneway:bus=no",
    "maxspeed=50|maxheight=4|maxweight=7.5|zone:traffic=DE:urban|traffic_sign=DE:274",
    "shop=clothes|shop=bakery|office=company|craft=tailor|cuisine=pizza|club=scout",
    "amenity=cafe|amenity=bank|amenity=atm|amenity=school_of_magic|tourism=hotel",
    "healthcare=dentist|religion=christian|smoking=no|wheelchair=yes|fee=no|stars=4",
    "building:levels=3|height=12|width=3|ele=452|capacity=100|population=1000",
    "voltage=110000|frequency=50|cables=3|wires=single|gauge=1435|railway:pzb=yes",
    "boundary=administrative|admin_level=4|route=bus|lcn=yes|landuse=military",
    "lit=yes|layer=1|level=2|entrance=main|door=yes|inscription=words|species=Tilia",
    "disused:shop=yes|demolished:building=yes|razed:railway=rail|was:highway=path",
)


@dataclass(frozen=True)
class Witness:
    """One object with one tag, of one kind and, for an area, one size."""

    object_id: str
    kind: str
    tag: tuple[str, str]
    area_m2: float = 1.0


def tag(text: str) -> tuple[str, str]:
    key, value = text.split("=", 1)
    return key, value


def read(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as seed:
        return list(csv.DictReader(seed))


def build(models: Models, name: str) -> None:
    """The model after all that it reads, except for what is there already."""
    # Fixtures of unit tests lie beside the models, in folders named after a .yml.
    (file,) = (
        file
        for file in models.folder.rglob(f"{name}.sql")
        if file.parent.suffix != ".yml"
    )
    for of_seeds, parent in dict.fromkeys(RELATION.findall(file.read_text())):
        known = "select count(*) from duckdb_tables() where table_name = ?"
        if models.con.execute(known, [parent]).fetchall() == [(0,)]:
            if of_seeds:
                models.seed(parent)
            else:
                build(models, parent)
    models.con.execute(f"create table {name} as {file.read_text()}")


def decided(
    compiled, objects: Iterable[Witness]
) -> dict[str, tuple[str, float | None]]:
    """Rule and resolution for each object that has a decision, by the built SQL."""
    models = Models(compiled)
    models.con.execute(f"create table objects ({OBJECTS})")
    rows = [
        f"({quoted(one.object_id)}, '{one.kind}', "
        f"{one.area_m2 if one.kind == 'area' else 'null'}, "
        f"{10 if one.kind == 'line' else 'null'}, "
        f"map {{{quoted(one.tag[0])}: {quoted(one.tag[1])}}}, "
        "{'xmin': 7.4, 'ymin': 43.7, 'xmax': 7.5, 'ymax': 43.8}, "
        f"st_geomfromtext('{KINDS[one.kind]}'))"
        for one in objects
    ]
    models.con.execute(f"insert into objects values {', '.join(rows)}")
    build(models, "int_tag_decisions")
    found = models.con.execute(
        "select object_id, rule_id, max_gsd_m from int_tag_decisions"
    ).fetchall()
    assert len(found) == len({row[0] for row in found})
    return {object_id: (rule, gsd) for object_id, rule, gsd in found}


def plain(pattern: str) -> str:
    return pattern.replace("*", "word")


def witnesses(rule: dict[str, str]) -> list[Witness]:
    """An object of each kind that meets the rule's conditions and no more."""
    kinds = rule["geometry"].split("|") if rule["geometry"] else list(KINDS)
    area = float(rule["min_area_m2"] or 0) + 1
    if rule["min_area_m2"]:
        kinds = ["area"]
    own = (plain(rule["key"]), plain(rule["value"]))
    return [Witness(f"{rule['rule_id']}/{kind}", kind, own, area) for kind in kinds]


def test_each_rule_decides_its_own_witness(compiled):
    """Of every kind that a row names; of one kind at least where it names none."""
    rules = read("tag_rules")
    found = decided(compiled, [one for rule in rules for one in witnesses(rule)])
    beaten = {}
    for rule in rules:
        wins = []
        for one in witnesses(rule):
            winner, gsd = found.get(one.object_id, (None, None))
            if rule["max_gsd_m"] == "classifier":
                # Without a row of the classifier there may be no decision at all.
                wins.append(winner in (None, rule["rule_id"]))
                assert not gsd, one
                continue
            meant = HARD.get(rule["rule_id"], rule["rule_id"])
            wins.append(winner == meant)
            if wins[-1]:
                assert gsd == float(rule["max_gsd_m"]), one
        if not (all(wins) if rule["geometry"] else any(wins)):
            beaten[rule["rule_id"]] = [
                found.get(one.object_id) for one in witnesses(rule)
            ]
    assert sorted(beaten.items()) == []


@pytest.mark.parametrize("said", LEAKS)
def test_no_rule_says_what_published_captions_leak(said, denials):
    rule, *resolutions = denials[said]
    assert rule is not None
    assert resolutions == [0.0] * len(KINDS)


@pytest.mark.parametrize("family", NEVER)
def test_what_cannot_be_seen_is_denied_by_a_rule(family, denials):
    for said in family.split("|"):
        rule, *resolutions = denials[said]
        assert rule is not None, said
        assert resolutions == [0.0] * len(KINDS), said


@pytest.fixture(scope="module")
def denials(compiled):
    """Rule and resolutions, one for each kind, of all tags that are never said."""
    said = [*LEAKS, *(one for family in NEVER for one in family.split("|"))]
    found = decided(
        compiled,
        [Witness(f"{one}/{kind}", kind, tag(one)) for one in said for kind in KINDS],
    )
    return {
        one: [
            found.get(f"{one}/point", (None, None))[0],
            *(found.get(f"{one}/{kind}", (None, None))[1] for kind in KINDS),
        ]
        for one in said
    }


def test_each_rule_has_a_reason_and_a_resolution():
    for rule in read("tag_rules"):
        assert len(rule["note"]) >= 5, rule["rule_id"]
        assert rule["key"].strip("*"), rule["rule_id"]
        if rule["max_gsd_m"] != "classifier":
            assert 0 <= float(rule["max_gsd_m"]) <= 30, rule["rule_id"]


def test_clip_knows_every_word_that_a_rule_may_say():
    known = {row["word"] for row in read("clip_tokens")}
    said = " ".join(
        row["phrase"]
        for seed in ("tag_rules", "sport_grounds")
        for row in read(seed)
        if row["max_gsd_m"] != "0"
    )
    tags = " ".join(
        f"{row['key']} {row['value']}"
        for row in read("tag_rules")
        if row["max_gsd_m"] not in ("0", "classifier")
    )
    words = set(re.findall("[a-z]+", f"{said} {tags}".lower()))
    assert not words - known


@pytest.fixture(scope="module")
def met(real_data, once) -> duckdb.DuckDBPyConnection:
    """Every tag of the real extracts with the number of its objects."""

    def fill(folder):
        with connect() as con:
            con.execute("create table tags (key varchar, value varchar, n bigint)")
            for path in sorted((real_data / "osm").glob("*.osm.pbf")):
                # Of relations the areas alone are objects.
                con.execute(f"""
                    insert into tags
                    select key, value, count(*) from (
                        select
                            unnest(map_keys(tags)) as key,
                            unnest(map_values(tags)) as value
                        from st_readosm({quoted(str(path))})
                        where kind != 'relation'
                            or tags['type'][1] in ('multipolygon', 'boundary')
                    )
                    group by all
                """)
            con.execute(
                "copy (select key, value, sum(n)::bigint as n from tags group by all) "
                f"to {quoted(str(folder / 'tags.parquet'))}"
            )

    con = connect()
    file = once("tags_met", fill) / "tags.parquet"
    con.execute(f"create view tags as from {quoted(str(file))}")
    return con


@pytest.mark.realdata
def test_every_common_tag_of_the_real_extracts_is_decided(met, compiled):
    """Keys of 50 objects and their values of 20, by a rule that names the key."""
    common = met.execute("""
        select key, value, n from tags
        qualify sum(n) over (partition by key) >= 50
    """).fetchall()
    models = Models(compiled)
    models.table("int_object_tag_pairs", "key varchar, value varchar", [])
    rows = ", ".join(f"({quoted(key)}, {quoted(value)})" for key, value, _ in common)
    models.con.execute(f"insert into int_object_tag_pairs values {rows}")
    build(models, "int_tag_rule_matches")
    by_rule = set(
        models.con.execute(
            "select key, value from int_tag_rule_matches "
            "inner join (select rule_id, key as pattern from stg_seeds__tag_rules) "
            "using (rule_id) where trim(pattern, '*') != ''"
        ).fetchall()
    )
    keys = {key for key, _, _ in common}
    assert len(keys) >= 600
    assert sorted(keys - {key for key, _ in by_rule}) == []
    values = {(key, value) for key, value, n in common if n >= 20}
    assert sorted(values - by_rule) == []


ROW = re.compile(
    r"^\| `(?P<tag>.+)` \| [\d,]+ \| (?P<seen>yes|no|by classifier) "
    r"\| (?P<limit>[\d.]*) \| `(?P<rule>\w+)` \| (?P<reason>.+) \|$",
    re.MULTILINE,
)


def test_the_page_of_decisions_says_what_the_rules_say():
    """Where a page has aged, docs/decisions.md is to be written anew."""
    rules = {rule["rule_id"]: rule for rule in read("tag_rules")}
    models = {file.stem for file in SEEDS.parent.rglob("tag_rules/rule_*.sql")}
    page = (SEEDS.parents[1] / "docs" / "decisions.md").read_text()
    rows = list(ROW.finditer(page))
    assert len(rows) == 150 == page.count("\n| `")
    for row in rows:
        if row["rule"] in models:
            continue
        rule = rules[row["rule"]]
        limit = rule["max_gsd_m"]
        if row["seen"] == "yes":
            assert float(row["limit"]) == float(limit), row[0]
        else:
            assert {"no": "0", "by classifier": "classifier"}[row["seen"]] == limit
            assert not row["limit"], row[0]
        assert row["reason"] == rule["note"], row[0]
