"""The explorer of a lake, asked as a browser on loopback asks."""

from pathlib import Path

from fastapi.testclient import TestClient

from explore.web.app import create_app
from explore.web.guard import Access
from explore.web.site import Limits, Site
from skyloom.lake import Lake

HOST = "127.0.0.1:8765"
USUAL = Limits()


def browser(lake: Path, limits: Limits = USUAL, token: str | None = None) -> TestClient:
    """A client of the explorer of the lake in a folder; errors are answers."""
    app = create_app(Site(Lake.open(lake), limits), Access((HOST,), token))
    return TestClient(
        app,
        base_url=f"http://{HOST}",
        raise_server_exceptions=False,
        follow_redirects=False,
    )
