"""How the Earth Engine client's requests travel: pooled, and whole within a deadline.

The client takes such an object as `http_transport`. Its own has a pool of ten
connections, and a timeout for each read but none for a whole answer.
"""

import os
import ssl
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy
from urllib3 import PoolManager, Timeout, make_headers, proxy_from_url
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError
from urllib3.exceptions import TimeoutError as LateError

from extract.bodies import whole_body
from skyloom.progress import say

HOSTS = 4
CONNECT_S = 10.0
# The service's own limit is 48 MB before compression.
MOST_BYTES = 1 << 28
QUOTA_HEADER = "x-earth-engine-quota-status"
RESTRICTED = "parallelism_restricted=true"
RESTRICTED_LINE = (
    "Earth Engine: the project has used up its noncommercial compute quota and works "
    "in restricted mode; chips come slowly until the month ends or the quota is raised"
)


class Transport:
    """Requests as httplib2 makes them; safe to call from several threads."""

    def __init__(self, in_flight: int, timeout_s: float) -> None:
        """`in_flight` connections are kept open to each host."""
        self.timeout = timeout_s
        self._in_flight = in_flight
        self._managers: dict[str, PoolManager] = {}
        self._telling = threading.Lock()
        self._told = False

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        """The answer's head and its whole body, whatever its status.

        Raises:
            TimeoutError: it was not whole at the deadline.
            ConnectionError: there was no connection, or it broke.
        """
        from httplib2 import Response  # type: ignore[import-untyped]

        end = time.monotonic() + self.timeout
        try:
            answer = self._manager(uri).urlopen(
                method,
                uri,
                body=body,
                headers=headers,
                timeout=Timeout(min(CONNECT_S, self.timeout), self.timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                content = whole_body(answer, end, MOST_BYTES)
            finally:
                answer.close()
        except (TimeoutError, LateError):
            raise self._late() from None
        except (NewConnectionError, ProtocolError):
            raise ConnectionError("no connection, or it broke") from None
        except HTTPError as error:
            # Its words hold the address, and that a query.
            raise ConnectionError(type(error).__name__) from None
        head = {**answer.headers, "status": str(answer.status)}
        # Taken out: the client would only warn, and in each thread.
        quota = [head.pop(name) for name in list(head) if name.lower() == QUOTA_HEADER]
        if any(RESTRICTED in status for status in quota):
            self._tell()
        return Response(head), content

    def close(self) -> None:
        """Close the connections that wait for a request."""
        for manager in self._managers.values():
            manager.clear()

    def tell_again(self) -> None:
        """Let the next run hear of restricted mode too."""
        self._told = False

    def _manager(self, uri: str) -> PoolManager:
        """The pools for a host; the environment is read once for each, not oftener."""
        host = urlsplit(uri).netloc
        if host not in self._managers:
            self._managers[host] = _pools(uri, self._in_flight)
        return self._managers[host]

    def _late(self) -> TimeoutError:
        return TimeoutError(f"no whole answer within {self.timeout:g} s")

    def _tell(self) -> None:
        with self._telling:
            if not self._told:
                self._told = True
                say(RESTRICTED_LINE)


def _pools(uri: str, in_flight: int) -> PoolManager:
    """With the proxy and the certificates that the environment names for a host.

    Not a session of `requests`: its cookies and hooks, and the .netrc whose login would
    go before the token, take as much CPU as the request itself.
    """
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    bundle = Path(next(filter(None, map(os.environ.get, names)), certifi.where()))
    file, folder = (None, bundle) if bundle.is_dir() else (bundle, None)
    # One for all connections: reading the certificates takes a while.
    trust = ssl.create_default_context(cafile=file, capath=folder)
    how: dict[str, Any] = {"maxsize": in_flight, "ssl_context": trust}
    proxy = select_proxy(uri, get_environ_proxies(uri))
    if not proxy:
        return PoolManager(HOSTS, **how)
    login = ":".join(get_auth_from_url(proxy))
    heads = make_headers(proxy_basic_auth=login) if login != ":" else None
    return proxy_from_url(proxy, num_pools=HOSTS, proxy_headers=heads, **how)
