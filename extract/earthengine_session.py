"""The one session that a process has with Earth Engine.

The client keeps its state in a module: one endpoint and one project per process.
"""

import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from extract.earthengine_credentials import HOW, check_endpoint, find
from extract.earthengine_errors import classify, expected
from extract.earthengine_transport import Transport
from skyloom import __version__
from skyloom.errors import CredentialsError, SkyloomError, UsageError

WORKLOAD_TAG = "skyloom"
OPENING_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Session:
    """What an open session was opened with; `credentials` is no secret itself."""

    url: str
    project: str
    credentials: str | None
    in_flight: int
    timeout_s: float


_opening = threading.Lock()
_open: tuple[Session, Transport] | None = None


def client() -> Any:
    """The package `ee`, imported when it is needed: that takes half a second.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import ee
    except ImportError:
        raise UsageError(
            "Earth Engine's client is not installed",
            remedy="run `pip install -e '.[earthengine]'`",
        ) from None
    return ee


def open_session(
    url: str,
    project: str | None,
    credentials: str | Path | None,
    *,
    in_flight: int = 40,
    timeout_s: float = 120.0,
) -> Session:
    """Open the session, or return the one that is open with just these parameters.

    `credentials` is a service account's key file, "anonymous" for a private
    endpoint, or None for what `earthengine authenticate` or gcloud stored.

    Raises:
        UsageError: no project is named, or the endpoint is not fit for these
            credentials.
        CredentialsError: there are none, they are broken, or they are refused.
        SkyloomError: the service cannot be reached.
    """
    global _open
    ee = client()
    project = checked_project(project)
    named = str(credentials) if credentials is not None else None
    wanted = Session(url.rstrip("/"), project, named, in_flight, timeout_s)
    check_endpoint(wanted.url, named)
    with _opening:
        if _open and _open[0] == wanted and ee.data.is_initialized():
            _open[1].tell_again()
            return wanted
        _close(ee)
        found = find(ee, named)
        transport = Transport(in_flight, timeout_s)
        try:
            _initialize(ee, wanted, found, transport)
        except expected() as error:
            transport.close()
            ee.Reset()
            raise _refused(error, wanted) from None
        _open = wanted, transport
    return wanted


def checked_project(project: str | None) -> str:
    """The project that requests are counted on.

    Raises:
        UsageError: none is named.
    """
    if not project:
        raise UsageError(
            "Earth Engine counts requests on a Google Cloud project and none is named",
            remedy="set `[earthengine] project` in lake.toml or "
            "SKYLOOM_EARTHENGINE_PROJECT",
        )
    return project


def close_session() -> None:
    """Let go of the open session, if there is one."""
    with _opening:
        if _open:
            _close(client())


def _close(ee: Any) -> None:
    global _open
    if _open:
        _open[1].close()
    _open = None
    ee.Reset()


def _initialize(ee: Any, session: Session, found: Any, transport: Transport) -> None:
    # The client would fetch a list of deprecated assets from elsewhere, with no
    # timeout, if it held none. What replaces an asset stands in the seed's aliases.
    ee.deprecation.deprecated_assets = {
        "": ee.deprecation.DeprecatedAsset("", None, None, None)
    }
    ee.data.setUserAgent(f"skyloom/{__version__}")
    ee.data.setMaxRetries(OPENING_RETRIES)
    ee.Initialize(
        found, url=session.url, project=session.project, http_transport=transport
    )
    # From here the caller alone retries. The deadline is the transport's:
    # ee.data.setDeadline has no effect on a transport that is given.
    ee.data.setMaxRetries(0)
    ee.data.setDefaultWorkloadTag(WORKLOAD_TAG)
    _keep_resources(ee.data._get_state().cloud_api_resource_raw)


def _keep_resources(root: Any) -> None:
    # Each call of getPixels and computePixels would build the service's tree of methods
    # anew, which is half of the client's CPU. Its nodes hold no state of a request.
    projects = root.projects()
    for name in ("assets", "image"):
        setattr(projects, name, partial(_itself, getattr(projects, name)()))
    root.projects = partial(_itself, projects)


def _itself(resource: Any) -> Any:
    return resource


def _refused(error: Exception, session: Session) -> SkyloomError:
    failure = classify(error)
    if failure.reason == "credentials":
        return CredentialsError(
            f"Earth Engine does not let project {session.project} in "
            f"({failure.detail})",
            remedy=f"enable Earth Engine for the project, or {HOW}",
        )
    if failure.reason == "not_found":
        return SkyloomError(
            "no Earth Engine answers there",
            where=session.url,
            remedy="correct `[earthengine] url`",
        )
    return SkyloomError(
        f"Earth Engine could not be opened ({failure.reason}: {failure.detail})",
        where=session.url,
        remedy="check the network and `[earthengine] url`, then run again",
    )
