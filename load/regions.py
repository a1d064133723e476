"""A region's name -> which of Geofabrik's extracts it means.

QuackOSM's finder of extracts (osmfinder) says it. It fetches its list with retries of
many minutes and prints, so it is asked in a process of its own, this module as
`python -m load.regions`.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from load.transfer import AWAY, FORGET
from skyloom.errors import SkyloomError, UsageError
from skyloom.settings import GEOFABRIK

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "geofabrik_"
RESOLVE_S = 60.0


def resolve(name: str, folder: Path) -> tuple[str, str]:
    """QuackOSM's full name of the extract and its path on the server.

    Raises:
        UsageError: no extract, or more than one, is called so.
        SkyloomError: QuackOSM's list cannot be fetched or read.
    """
    where = f"--region {name}"
    answer = _quackosm_answers(name, folder)
    match answer:
        case {"region": str(region), "path": str(path)}:
            return re.sub(r"[^a-z0-9_-]+", "-", region.removeprefix(PREFIX)), path
        case {"near": list(near), "several": several}:
            names = " or ".join(full.removeprefix(PREFIX) for full in near)
            raise UsageError(
                f"{'several extracts have' if several else 'no extract has'} that name",
                where=where,
                remedy=f"did you mean {names}?" if near else f"see {GEOFABRIK}",
            )
        case {"unreachable": reason}:
            raise SkyloomError(
                f"QuackOSM's list of extracts cannot be fetched ({reason})",
                where=where,
                remedy=AWAY,
            )
    raise SkyloomError(
        f"QuackOSM cannot read its list of extracts ({answer['failed'][:200]})",
        where=where,
        remedy=f"clear it with `{FORGET}`",
    )


def _quackosm_answers(name: str, folder: Path) -> dict[str, Any]:
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "load.regions"],
            input=name,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=RESOLVE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"unreachable": f"no answer in {RESOLVE_S:.0f} seconds"}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return {"failed": said[-1] if said else f"exit code {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _ask_quackosm(name: str) -> dict[str, Any]:
    import osmfinder
    import requests
    from osmfinder.exceptions import OsmExtractSearchError, OsmExtractZeroMatchesError

    # Its own spelling of us/georgia, Isle of Man and europe_monaco.
    joined = name.strip().replace("/", "_")
    near: dict[str, None] = {}
    for query in (joined, joined.replace(" ", "-"), f"{PREFIX}{joined}"):
        try:
            found = osmfinder.find_extract_by_query(
                query, source="Geofabrik", select_first_match=False
            )
        except OsmExtractZeroMatchesError as error:
            near |= dict.fromkeys(map(str, error.matching_full_names))
        except OsmExtractSearchError as error:
            return {"several": True, "near": list(map(str, error.matching_full_names))}
        except requests.RequestException as error:
            url = str(error.request.url) if error.request else ""
            return {"unreachable": f"{type(error).__name__} at {url}"}
        else:
            (extract,) = found.extracts
            return {"region": extract.file_name, "path": urlsplit(extract.url).path}
    return {"several": False, "near": list(near)}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _found = _ask_quackosm(sys.stdin.read())
    print(json.dumps(_found))
