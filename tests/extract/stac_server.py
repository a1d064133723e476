"""A STAC API over the items that a test wrote, and the files beside them.

`python -m tests.extract.stac_server FOLDER` serves FOLDER/items.json (a list) at
/api, at most PAGE items at a time, and what range_server serves. The fault of the
file name `search` is that of a search.
"""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import shapely

from tests.extract import range_server

PAGE = 2
CONFORMS_TO = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/item-search",
]


class Handler(range_server.Handler):
    def do_GET(self) -> None:  # noqa: N802
        url = urlsplit(self.path)
        if url.path == "/api":
            self.answer_json(self.landing())
        elif url.path == "/api/collections":
            self.answer_json({"collections": [], "links": []})
        elif url.path == "/api/search":
            query: dict[str, Any] = {
                key: value[0] for key, value in parse_qs(url.query).items()
            }
            query["collections"] = query.get("collections", "").split(",")
            for name in ("intersects", "bbox"):
                if name in query:
                    query[name] = json.loads(f"{query[name]}")
            self.search(query, "GET")
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802
        if urlsplit(self.path).path != "/api/search":
            return super().do_POST()
        self.search(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    @property
    def root(self) -> str:
        return f"http://{self.headers['Host']}"

    def landing(self) -> dict[str, Any]:
        links = [
            {"rel": "self", "href": f"{self.root}/api"},
            {"rel": "data", "href": f"{self.root}/api/collections"},
            *(
                {
                    "rel": "search",
                    "type": "application/geo+json",
                    "href": f"{self.root}/api/search",
                    "method": method,
                }
                for method in ("GET", "POST")
            ),
        ]
        return {
            "type": "Catalog",
            "stac_version": "1.0.0",
            "id": "test",
            "description": "items of a test",
            "conformsTo": CONFORMS_TO,
            "links": links,
        }

    def search(self, asked: dict[str, Any], method: str = "POST") -> None:
        fault = self.fault_of("search", "", 0)
        status = fault.get("status", 200)
        with self.state.lock:
            entry = (method, 0, int(asked.get("token", 0)), status)
            self.state.asked.setdefault("search", []).append(entry)
        if status >= 400:
            return self.answer(status, {"Retry-After": "0"})
        items = json.loads((self.state.folder / "items.json").read_text())
        found = [item for item in items if matches(item, asked)]
        start = int(asked.get("token", 0))
        links = []
        if start + PAGE < len(found):
            body = {**asked, "token": start + PAGE}
            link: dict[str, Any] = {
                "rel": "next",
                "method": method,
                "href": f"{self.root}/api/search",
            }
            if method == "POST":
                link["body"] = body
            else:
                link["href"] += "?" + urlencode(body)
            links.append(link)
        page = found[start : start + PAGE]
        self.answer_json(
            {"type": "FeatureCollection", "features": page, "links": links}
        )


def matches(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    shape = shapely.geometry.shape(item["geometry"])
    if asked.get("collections") and item.get("collection") not in asked["collections"]:
        return False
    if "intersects" in asked:
        area = shapely.geometry.shape(asked["intersects"])
        if not shape.intersects(area):
            return False
    if "bbox" in asked and not shape.intersects(shapely.box(*asked["bbox"])):
        return False
    first, _, last = asked.get("datetime", "../..").partition("/")
    taken = moment(item["properties"]["datetime"])
    return not (
        (first not in ("", "..") and taken < moment(first))
        or (last not in ("", "..") and taken > moment(last))
    )


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


if __name__ == "__main__":
    range_server.main(Handler)
