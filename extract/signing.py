"""Links that a service signs for a while before it lets anyone read."""

from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from extract.chips import FetchError
from extract.remote import by_status
from skyloom.errors import UsageError

PLANETARY_COMPUTER = "planetary_computer"


class Signer(Protocol):
    """Turns a public link into one that can be opened, never to be written down."""

    def sign(self, url: str) -> str:
        """The link to open.

        Raises:
            FetchError: the service gives no signature.
        """
        ...

    def renew(self) -> bool:
        """Forget what was signed so far; False where that changes nothing."""
        ...


class Unsigned:
    """Links that need no signature."""

    def sign(self, url: str) -> str:
        """The link itself."""
        return url

    def renew(self) -> bool:
        """Nothing was signed."""
        return False


class PlanetaryComputer:
    """Microsoft's links; its library keeps a token per container until it expires."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            UsageError: it is not installed.
        """
        try:
            from planetary_computer import sas  # type: ignore[import-untyped]
        except ImportError:
            raise missing("planetary-computer") from None
        self._sas: Any = sas

    def sign(self, url: str) -> str:
        """The link with its token; links of other hosts stay as they are."""
        where = urlsplit(url)
        try:
            if where.netloc.endswith(self._sas.BLOB_STORAGE_DOMAIN):
                # By itself the library would try ten times, for minutes.
                container = self._sas.parse_blob_url(where)
                self._sas.get_token(*container, retry_total=0)
            return str(self._sas.sign_url(url))
        except (requests.RequestException, ValueError, TypeError) as error:
            # What the last two say may quote the token.
            said, answer = type(error).__name__, getattr(error, "response", None)
            detail = f"{url}: the Planetary Computer signs no link ({said})"
            if answer is not None and not answer.ok:
                raise by_status(answer.status_code, detail) from None
            raise FetchError("http", detail) from None

    def renew(self) -> bool:
        """Drop the library's tokens, whatever life they claim to have."""
        self._sas.TOKEN_CACHE.clear()
        return True


def signer(name: str | None) -> Signer:
    """The signer that the seed names.

    Raises:
        UsageError: there is none of that name, or its library is missing.
    """
    if name is None:
        return Unsigned()
    if name == PLANETARY_COMPUTER:
        return PlanetaryComputer()
    raise UsageError(
        f"there is no way to sign links called {name!r}",
        where="stac_collections.csv",
        remedy=f"write {PLANETARY_COMPUTER} or nothing",
    )


def missing(package: str) -> UsageError:
    """What to say where a library of the extra `stac` is not installed."""
    return UsageError(
        f"{package} is not installed", remedy="run `pip install -e '.[stac]'`"
    )
