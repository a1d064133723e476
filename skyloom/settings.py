"""Settings about machines, read once: flags over environment over lake.toml.

What shapes the data set is not here: that stands in dbt_project (vars and seeds).
"""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from skyloom.dbt_run import PROJECT
from skyloom.errors import UsageError
from skyloom.lake import FORMAT_VERSION, LOCKED, MARKER, Lake

PREFIX = "SKYLOOM_"
GEOFABRIK = "https://download.geofabrik.de"
EARTH_ENGINE = "https://earthengine-highvolume.googleapis.com"
# Tables of lake.toml: `[earthengine] url` is the setting earthengine_url.
SECTIONS = ("earthengine", "stac")
# Variables that are no settings: the lake itself, and what tests use.
OTHER_VARIABLES = {
    "SKYLOOM_LAKE",
    "SKYLOOM_SHARD",
    LOCKED,
    "SKYLOOM_TOKEN",
    "SKYLOOM_DATA",
    "SKYLOOM_REQUIRE_DATA",
    "SKYLOOM_REQUIRE_BROWSER",
}


class Settings(BaseSettings):
    """Every setting with its default; `skyloom config` prints them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    format_version: int = Field(FORMAT_VERSION, description="the lake's format")
    threads: int = Field(
        default_factory=lambda: min(os.cpu_count() or 1, 8),
        ge=1,
        description="threads of DuckDB and dbt",
    )
    memory_limit: str = Field(
        "4GB",
        pattern=r"^\d+(\.\d+)?\s*[KMGT]i?B$",
        description="DuckDB's memory before it spills to disk",
    )
    geofabrik_url: str = Field(
        GEOFABRIK,
        description="where --region downloads from; a mirror has the same paths",
    )
    project: Path = Field(
        PROJECT, description="the dbt project; a copy holds rules of your own"
    )
    workers: int = Field(
        4, ge=1, le=64, description="chips made at one time from files"
    )
    request_timeout_s: float = Field(
        120, gt=0, description="after which a request to a service is given up"
    )
    earthengine_url: str = Field(
        EARTH_ENGINE,
        pattern="^https?://[^/@?#]+$",
        description="Earth Engine's endpoint",
    )
    earthengine_project: str | None = Field(
        None, description="the Google Cloud project that requests are counted on"
    )
    earthengine_credentials: str | None = Field(
        None,
        pattern=r"^[^{}\n]*$",
        description="a service account's key file, or anonymous for a private endpoint "
        "(default: what `earthengine authenticate` or gcloud stored)",
    )
    earthengine_per_second: float = Field(
        100, gt=0, description="the project's quota of requests per second"
    )
    earthengine_in_flight: int = Field(
        40, ge=1, le=1000, description="the project's quota of requests at one time"
    )
    stac_url: str | None = Field(
        None, description="a STAC API or catalogue to use instead of the seed's"
    )
    stac_in_flight: int = Field(
        16, ge=1, le=64, description="range requests to a STAC source at one time"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: flags, environment, the lake's file."""
        toml = _LakeFile(settings_cls, _toml_file)
        return init_settings, env_settings, toml


class _LakeFile(TomlConfigSettingsSource):
    """The lake's file, its sections flattened."""

    def __call__(self) -> dict[str, Any]:
        return _flat(super().__call__())


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if key in SECTIONS:
            if not isinstance(value, dict):
                raise UsageError(
                    f"{key} is a section, not a value",
                    where=str(_toml_file),
                    remedy=f"write [{key}] on a line of its own, and its keys below",
                )
            flat |= {f"{key}_{name}": one for name, one in value.items()}
        else:
            flat[key] = value
    return flat


_toml_file: Path | None = None


def read_settings(lake: Lake | None, **flags: Any) -> Settings:
    """The settings that hold for a command; a flag that is None does not count.

    Raises:
        UsageError: an unknown key (the nearest known one is named) or a bad value.
    """
    global _toml_file
    _toml_file = lake.root / MARKER if lake else None
    _refuse_unknown_variables()
    try:
        return Settings(**{k: v for k, v in flags.items() if v is not None})
    except ValidationError as error:
        problem = error.errors()[0]
        raise _complaint(str(problem["loc"][0]), problem, _toml_file) from None


def _complaint(key: str, problem: Any, file: Path | None) -> UsageError:
    where = str(file or "settings")
    if problem["type"] != "extra_forbidden":
        said = problem["msg"][0].lower() + problem["msg"][1:]
        variable = f"{PREFIX}{key}".upper()
        # Somebody may have pasted the key itself where its file is to be named.
        given = "" if key.startswith(SECTIONS) else f" = {problem['input']!r}"
        return UsageError(
            f"{key}{given} is not accepted: {said}",
            where=where,
            remedy=f"correct it there, or in {variable} or the flag",
        )
    return _unknown(key, Settings.model_fields, where)


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{key}".upper() for key in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known | OTHER_VARIABLES:
            raise _unknown(name, known, "environment")


def _unknown(name: str, known: Iterable[str], where: str) -> UsageError:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return UsageError(
        f"unknown setting {name!r}", where=where, remedy=f"did you mean {near[0]!r}?"
    )


def origins(settings: Settings, lake: Lake | None) -> list[dict[str, Any]]:
    """Each setting with its value, where the value comes from, and what it means."""
    import tomllib

    file = lake.root / MARKER if lake else None
    in_file = _flat(tomllib.loads(file.read_text())) if file else {}
    rows = []
    for key, field in Settings.model_fields.items():
        variable = f"{PREFIX}{key}".upper()
        origin = (
            variable
            if variable in os.environ
            else str(file)
            if key in in_file
            else "default"
        )
        rows.append(
            {
                "setting": key,
                "value": getattr(settings, key),
                "origin": origin,
                "meaning": field.description,
            }
        )
    return rows
