"""The verb: serve the explorer of a lake until it is interrupted."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import threading
import webbrowser
from dataclasses import dataclass

from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.progress import say


@dataclass(frozen=True)
class Door:
    """Where the explorer listens; `token` may be left to chance."""

    host: str = "127.0.0.1"
    port: int = 8765
    allow_remote: bool = False
    token: str | None = None


def serve(lake: Lake, door: Door, *, browser: bool) -> None:
    """Serve, and open the browser where asked.

    Raises:
        UsageError: an address that others reach was not allowed by flag.
        SkyloomError: nothing is published yet, the port is taken, or the packages of
            the extra are missing.
    """
    check_door(door)
    Catalog.open(lake)
    try:
        import uvicorn

        from explore.web.app import create_app
        from explore.web.guard import Access
        from explore.web.site import Site
    except ModuleNotFoundError as error:
        raise SkyloomError(
            f"the explorer needs the package {error.name}",
            remedy="pip install 'skyloom[explore]'",
        ) from None
    token = door.token or (None if is_loopback(door.host) else secrets.token_urlsafe())
    with _listening(door) as listener:
        port = listener.getsockname()[1]
        access = Access(hosts(door.host, port), token)
        config = uvicorn.Config(
            create_app(Site(lake), access),
            log_level="warning",
            access_log=False,
            limit_concurrency=64,
            timeout_keep_alive=5,
            server_header=False,
            # Names of proxies would let a request say where it comes from.
            proxy_headers=False,
        )
        address = f"http://{_in_url(door.host)}:{port}/"
        url = address + (f"?token={token}" if token else "")
        say(f"{lake.root.name}: {url} (Ctrl-C ends it)")
        if browser:
            threading.Timer(0.5, webbrowser.open, [url]).start()
        uvicorn.Server(config).run(sockets=[listener])


def check_door(door: Door) -> None:
    """Refuse an address that others reach, unless a flag says so.

    Raises:
        UsageError: the flag is missing, or a token is too short to guard anything.
    """
    if not is_loopback(door.host) and not door.allow_remote:
        raise UsageError(
            f"{door.host} can be reached by others",
            remedy="serve 127.0.0.1, or say --allow-remote: a token is asked for then",
        )
    if door.token is not None and len(door.token) < 16:
        raise UsageError("a token has at least 16 characters")


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine alone."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def hosts(host: str, port: int) -> tuple[str, ...]:
    """What the Host header may say; where all addresses are served, any of them."""
    names = {host}
    if is_loopback(host):
        names |= {"127.0.0.1", "localhost", "::1"}
    elif (address := _address(host)) and address.is_unspecified:
        names |= {socket.gethostname(), "127.0.0.1", "localhost"}
        names |= {
            str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)
        }
    return tuple(sorted(f"{_in_url(name).lower()}:{port}" for name in names))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listening(door: Door) -> socket.socket:
    try:
        return socket.create_server(
            (door.host, door.port),
            family=socket.AF_INET6 if ":" in door.host else socket.AF_INET,
        )
    except OSError as error:
        raise SkyloomError(
            f"cannot listen on {door.host}, port {door.port} ({error.strerror})",
            remedy="choose another --port, or --port 0 for any that is free",
        ) from None
