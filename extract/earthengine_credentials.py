"""Who asks Earth Engine: the credentials that the user named or stored."""

import ipaddress
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from extract.earthengine_errors import expected
from extract.secrets import without_secrets
from skyloom.errors import CredentialsError, SkyloomError, UsageError
from skyloom.progress import say

ANONYMOUS = "anonymous"
SCOPE = "https://www.googleapis.com/auth/earthengine"
READABLE_BY_OTHERS = 0o044
HOW = (
    "run `earthengine authenticate`, or name a service account's key file as "
    "`[earthengine] credentials` in lake.toml or in SKYLOOM_EARTHENGINE_CREDENTIALS"
)
NO_SUCH_KEY = "make a JSON key for a service account that may use Earth Engine"


def find(ee: Any, named: str | None) -> Any:
    """Google credentials: of a key file, of nobody, or those that are stored here.

    What `earthengine authenticate` stored goes before gcloud's application default.

    Raises:
        CredentialsError: there are none, or they are broken or expired.
        SkyloomError: they could not be renewed for want of a network.
    """
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import TransportError

    if named == ANONYMOUS:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    if named is not None:
        return _from_key_file(Path(named).expanduser())
    try:
        return ee.data.get_persistent_credentials()
    except TransportError as error:
        said = without_secrets(str(error))
        raise SkyloomError(
            f"the stored credentials could not be renewed ({said})",
            remedy="check the network, then run again",
        ) from None
    except expected() + (ValueError, KeyError):  # noqa: RUF005 - mypy reads no star
        # ValueError and KeyError are a damaged file; its content is not to be told.
        raise CredentialsError(
            "no usable credentials for Earth Engine are stored here", remedy=HOW
        ) from None


def check_endpoint(url: str, named: str | None) -> None:
    """Keep credentials off open lines, and the nameless off the public service.

    Raises:
        UsageError: the endpoint is not fit for credentials of this kind.
    """
    host, scheme = urlsplit(url).hostname or "", urlsplit(url).scheme
    private = _is_private(host)
    if named == ANONYMOUS and not private:
        raise UsageError(
            f"anonymous requests are for a private endpoint, not for {host}",
            where="[earthengine] credentials",
            remedy=HOW,
        )
    if named != ANONYMOUS and scheme != "https" and not private:
        raise UsageError(
            f"{url} would be sent credentials in the clear",
            where="[earthengine] url",
            remedy="name an https address",
        )


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith(".internal")


def _from_key_file(path: Path) -> Any:
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.service_account import Credentials

    try:
        if path.stat().st_mode & READABLE_BY_OTHERS:
            say(f"{path}: others can read this key; run `chmod 600 {path}`")
        key = json.loads(path.read_text(encoding="utf-8"))
        return Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            key, scopes=[SCOPE]
        )
    except OSError as error:
        raise CredentialsError(
            f"the key file could not be read ({error.strerror})",
            where=str(path),
            remedy=HOW,
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError):
        # What these say may quote the file.
        raise CredentialsError(
            "not a service account's key", where=str(path), remedy=NO_SUCH_KEY
        ) from None
