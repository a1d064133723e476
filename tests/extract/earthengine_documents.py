"""The two documents that the real client asks for first, from its own wheel."""

import importlib.metadata
import importlib.util
import json
from functools import cache
from pathlib import Path

# Found, not imported: the server has no use for the client.
CLIENT = importlib.util.find_spec("ee")
FOLDER = Path(CLIENT.origin if CLIENT and CLIENT.origin else "").parent / "tests"
DISCOVERY = FOLDER / "cloud_api_discovery_document.json"
ALGORITHMS = FOLDER / "algorithms.json"
TAGGED = ("maps", "thumbnails", "videoThumbnails", "filmstripThumbnails")
TEXT = {"type": "string", "location": "query"}


@cache
def algorithms() -> bytes:
    """What functions there are; without it an image has no `mosaic`."""
    return _present(ALGORITHMS)


def discovery(root: str) -> bytes:
    """The REST protocol, for a server at `root`, as of the API that the client uses.

    The document in the wheel is of 2020: it lacks parameters that the client sends.
    """
    text = _present(DISCOVERY).decode().replace("v1alpha", "v1")
    document = json.loads(text)
    document["rootUrl"] = document["baseUrl"] = f"{root}/"
    projects = document["resources"]["projects"]
    for resource in (projects, projects["resources"]["assets"]):
        listing = resource["methods"]["listAssets"]["parameters"]
        listing |= {"filter": TEXT, "view": TEXT}
    for name in TAGGED:
        method = projects["resources"][name]["methods"]["create"]
        method["parameters"]["workloadTag"] = TEXT
    return json.dumps(document).encode()


def _present(file: Path) -> bytes:
    version = importlib.metadata.version("earthengine-api")
    assert file.is_file(), (
        f"earthengine-api {version} ships no {file.name}: the loopback server "
        f"needs the one of an earlier release, or a document written by hand"
    )
    return file.read_bytes()
