"""What the loopback server answers to each path, when nothing goes wrong."""

import json
from typing import Any
from urllib.parse import parse_qs

from tests.extract.earthengine_assets import Store
from tests.extract.earthengine_documents import algorithms, discovery
from tests.extract.earthengine_expressions import Evaluator, load, refused, render

JSON = "application/json"
PAGE_SIZE = 1000
COMPUTED = (":getPixels", ":computePixels", ":compute")
Answer = tuple[bytes, str]


class Routes:
    """The service's paths; safe to call from several threads."""

    def __init__(self, store: Store, root: str) -> None:
        self._store, self._root = store, root
        self.tokens = 0

    def answer(self, path: str, query: str, body: bytes) -> Answer:
        """Body and type of an answer with status 200.

        Raises:
            ServiceError: the service would refuse.
        """
        if path == "/$discovery/rest":
            return discovery(self._root), JSON
        if path == "/token":
            return self._token(), JSON
        if path.endswith("/algorithms"):
            return algorithms(), JSON
        if path.endswith(COMPUTED):
            return self._computed(path, json.loads(body))
        asset = path.split("/assets/", 1)[-1]
        if asset.endswith(":listAssets"):
            return self._list(asset.removesuffix(":listAssets"), query), JSON
        return json.dumps(self._store.asset(asset)).encode(), JSON

    def _computed(self, path: str, wanted: dict[str, Any]) -> Answer:
        if path.endswith(":getPixels"):
            asset = path.removesuffix(":getPixels").split("/assets/", 1)[1]
            return render(load(self._store, asset), wanted)
        result = Evaluator(self._store, wanted["expression"]).result
        if path.endswith(":compute"):
            return json.dumps({"result": result}).encode(), JSON
        if result is None:
            raise refused("Parameter 'input' is required and may not be null.")
        return render(result, wanted)

    def _list(self, collection: str, query: str) -> bytes:
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        assets = self._store.listed(collection, given.get("filter", ""))
        start = int(given.get("pageToken", 0))
        end = start + int(given.get("pageSize", PAGE_SIZE))
        more = {"nextPageToken": str(end)} if end < len(assets) else {}
        return json.dumps({"assets": assets[start:end], **more}).encode()

    def _token(self) -> bytes:
        self.tokens += 1
        token = f"token-{self.tokens}"
        told = {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
        return json.dumps(told).encode()
