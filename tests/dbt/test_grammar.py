"""The caption grammar, run as built SQL on tags that are all admitted."""

import json
from pathlib import Path

import pytest

from tests.dbt.compiled import Models

pytestmark = pytest.mark.realdata
HERE = Path(__file__).parent
DECISION = (
    "object_id varchar, key varchar, value varchar, rule_id varchar, "
    "max_gsd_m double, phrase varchar, phrase_plural varchar"
)
PLAIN_WORDS = (
    "object_id varchar, key varchar, value varchar, slot varchar, "
    "rank integer, singular varchar, plural varchar, article varchar"
)
PREFIX = "a satellite image of "

# By hand from the published grammar: tags in worldwide order, one text said once,
# a surrounding road by its kind alone. The order of surroundings is the metadata's.
TITLES = {
    "a100004947_US_20": "building of retail, shop of department store",
    "a100004979_US_20": "building of commercial, building use of car repair",
    "a1000068039_US_21": "man made breakwater, material of rock",
    "a1000068046_US_21": "man made breakwater, material of rock",
    "a1000070447_US_21": "building, amenity of place of worship, religion of hindu",
    "a10000756_CH_19": "landuse of recreation ground",
    "a1000099749_US_21": (
        "leisure land of pitch, surface of grass, sport of baseball;softball"
    ),
    "a100011518_FI_17": "landuse of recreation ground",
    "a100011519_FI_17": (
        "roof shape of hipped, tourism of apartment, building material of stone, "
        "building use of apartments, building of prison"
    ),
    "a100011584_FI_17": (
        "building of apartments, roof shape of gabled, building material of plaster, "
        "roof material of eternit, roof colour of darksalmon, "
        "building colour of lightsalmon"
    ),
}
SURROUNDED_BY = {
    "a100004947_US_20": ["road of service", "building", "road of tertiary"],
    "a100004979_US_20": [
        "building of commercial",
        "road of tertiary",
        "road of service",
        "building of retail with shop of department store",
    ],
    "a1000068039_US_21": [],
    "a1000068046_US_21": [],
    "a1000070447_US_21": [],
    "a10000756_CH_19": ["road of secondary"],
    # Its one surrounding says what the focus says.
    "a1000099749_US_21": [],
    "a100011518_FI_17": [
        "landuse of grass",
        "road of residential",
        "natural scrub",
        "light with leisure land of pitch and sport of soccer "
        "and surface of fine gravel",
        "road of cycleway",
        "leisure land of park",
        "road of service",
        "roof shape of gabled with building of school and building material of wood "
        "and building colour of white and roof material of metal "
        "and roof colour of dimgrey",
        "road of footway",
        "natural grassland",
        "natural woodland with leaf type is broadleaved",
    ],
    "a100011519_FI_17": [
        "road of residential",
        "road of cycleway",
        "road of crossing",
        "leisure land of park",
        "landuse of residential",
        "road of service",
        "road of footway",
    ],
    "a100011584_FI_17": [
        "road of residential",
        "road of cycleway",
        "leisure land of park",
        "landuse of residential",
        "road of service",
        "road of crossing",
        "road of footway",
        "road of tertiary",
    ],
}
# Where a caption of 77 tokens ends: so many surroundings are said.
SAID = {"a100011518_FI_17": 7}


def worded(compiled, objects):
    """Tables up to `object_tags` for objects given as id -> {key: value}."""
    models = Models(compiled)
    for seed in ("connectors", "tag_order"):
        models.seed(seed)
    models.table(
        "int_tag_decisions",
        DECISION,
        [
            (object_id, key, value, "any", 100.0, None, None)
            for object_id, tags in objects.items()
            for key, value in tags.items()
        ],
    )
    models.build("int_tag_phrases")
    models.build("object_tags")
    return models


def test_every_published_object_is_said_as_published(compiled, real_data):
    published = json.loads((real_data / "skyscript/caption_phrases.json").read_text())
    written = json.loads((HERE / "published_objects.json").read_text())
    objects = {
        f"n{number}": dict(tag.split("=", 1) for tag in sorted(tags))
        for number, tags in enumerate(written)
    }
    models = worded(compiled, objects)
    said = dict(
        models.con.execute(
            "select object_id, list(phrase order by tag_rank) "
            "from object_tags group by 1"
        ).fetchall()
    )
    assert len(published) == len(objects)
    for number, phrases in enumerate(published):
        assert said[f"n{number}"] == phrases


def test_published_metadata_is_said_in_the_published_grammar(compiled, real_data):
    metas = json.loads((real_data / "skyscript/meta.json").read_text())
    assert metas.keys() == TITLES.keys() == SURROUNDED_BY.keys()
    objects, shown = {}, []
    for scene, meta in metas.items():
        tags = [meta["center_tags"], *meta["surrounding_tags"]]
        for rank, one in enumerate(tags, start=1):
            objects[f"{scene}/{rank}"] = one
            role = "focus" if rank == 1 else "surrounding"
            seen = (scene, f"{scene}/{rank}", role, rank, "area", None, None, None)
            shown.append(seen)
    models = worded(compiled, objects)
    for seed in ("caption_styles", "clip_tokens", "plain_scales"):
        models.seed(seed)
    models.con.execute(
        "alter table main_seeds.plain_scales alter from_value type double"
    )
    models.build("stg_seeds__caption_styles")
    models.con.execute(
        "create table int_visible_tags as "
        "select *, 'US' as source, 0.6::double as gsd_m from object_tags"
    )
    models.table(
        "scenes",
        "scene_id varchar, source varchar, gsd_m double",
        [(scene, "US", 0.6) for scene in metas],
    )
    models.table(
        "int_scene_words",
        "scene_id varchar, fingerprint ubigint",
        [(scene, number) for number, scene in enumerate(metas)],
    )
    models.table(
        "scene_objects",
        "scene_id varchar, object_id varchar, role varchar, rank integer, "
        "kind varchar, extent_px double, visible_fraction double, share_of_box double",
        shown,
    )
    models.table("int_plain_words", PLAIN_WORDS, [])
    models.build("scene_tags")
    for name in (
        "int_scene_tags",
        "int_object_phrases",
        "int_phrase_tokens",
        "int_scene_phrases",
        "caption_words",
    ):
        models.build(name)
    said = models.con.execute(
        "select scene_id, caption, string_agg(words, '' order by position) "
        "from caption_words group by 1, 2"
    ).fetchall()
    captions = {(scene, caption): text for scene, caption, text in said}
    for scene, title in TITLES.items():
        assert captions[scene, "title"] == PREFIX + title
        first, *rest = title.split(", ")
        focus = first + (" with " + " and ".join(rest) if rest else "")
        around = SURROUNDED_BY[scene][: SAID.get(scene)]
        full = focus + (", surrounded by " + "; ".join(around) if around else "")
        assert captions[scene, "title_multi_objects"] == PREFIX + full
