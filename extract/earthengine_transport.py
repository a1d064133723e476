"""How the Earth Engine client's requests travel: pooled, and whole within a deadline.

The client takes such an object as `http_transport`. Its own has a pool of ten
connections, and a timeout for each read but none for a whole answer.
"""

import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import ReadTimeoutError

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
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            adapter = HTTPAdapter(pool_connections=HOSTS, pool_maxsize=in_flight)
            self._session.mount(scheme, adapter)
        # The environment is read once for each host, not for each request; a login of
        # .netrc, which would go before the token, is not read.
        self._session.trust_env = False
        self._settings: dict[str, dict[str, Any]] = {}
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
            with self._session.request(
                method,
                uri,
                data=body,
                headers=headers,
                timeout=(min(CONNECT_S, self.timeout), self.timeout),
                stream=True,
                **self._of_environment(uri),
            ) as answer:
                content = whole_body(answer, end, MOST_BYTES)
        except (TimeoutError, requests.Timeout, ReadTimeoutError):
            raise self._late() from None
        except requests.ConnectionError:
            raise ConnectionError("no connection, or it broke") from None
        except (requests.RequestException, Urllib3Error) as error:
            # Its words hold the address, and that a query.
            raise ConnectionError(type(error).__name__) from None
        head = {**answer.headers, "status": str(answer.status_code)}
        # Taken out: the client would only warn, and in each thread.
        quota = [head.pop(name) for name in list(head) if name.lower() == QUOTA_HEADER]
        if any(RESTRICTED in status for status in quota):
            self._tell()
        return Response(head), content

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def tell_again(self) -> None:
        """Let the next run hear of restricted mode too."""
        self._told = False

    def _of_environment(self, uri: str) -> dict[str, Any]:
        """The proxies and the certificates that the environment names for a host."""
        host = urlsplit(uri).netloc
        if host not in self._settings:
            bundles = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
            named = next(filter(None, map(os.environ.get, bundles)), True)
            proxies = requests.utils.get_environ_proxies(uri)
            self._settings[host] = {"proxies": proxies, "verify": named}
        return self._settings[host]

    def _late(self) -> TimeoutError:
        return TimeoutError(f"no whole answer within {self.timeout:g} s")

    def _tell(self) -> None:
        with self._telling:
            if not self._told:
                self._told = True
                say(RESTRICTED_LINE)
