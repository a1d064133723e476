"""Who may open a session, and what is said to those who may not."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rasterio.windows import Window

from extract import earthengine_session
from extract.chips import FetchError
from extract.earthengine import EarthEngineSource
from extract.earthengine_session import open_session
from skyloom.errors import CredentialsError, SkyloomError, UsageError
from skyloom.progress import be_quiet
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    PROJECT,
    STEP,
    Service,
    footprints,
    place_fixture,
    service_fixture,
    sheet,
)

PUBLIC = "https://earthengine-highvolume.googleapis.com"


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def key_file(tmp_path: Path, service: Service, pem: str) -> Path:
    """A service account's key whose tokens come from the loopback server."""
    account = "robot@a-test-project.iam.gserviceaccount.com"
    key = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "k1",
        "private_key": pem,
        "client_email": account,
        "token_uri": f"{service.url}/token",
    }
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    path.chmod(0o600)
    return path


@pytest.fixture
def nothing_stored(tmp_path: Path, monkeypatch) -> Path:
    """A home without credentials, on no machine of Google's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    return tmp_path


def test_a_key_opens_a_session(service: Service, key_file: Path, capsys) -> None:
    be_quiet(False)
    service.order(needs_token=True)
    session = service.open(credentials=key_file)
    rows = footprints(session, "US")
    assert rows.height == 2
    assert service.stats()["paths"]["token"] == 1
    assert "key" not in capsys.readouterr().err
    # A token that is no longer good is renewed once, within the attempt.
    service.order(needs_token=True, first=[{"status": 401, "message": "expired"}])
    source = EarthEngineSource(rows, session, {})
    chip = source.fetch(sheet("US", ["m_west"], Window(30, 30, 9, 9), STEP))
    assert chip.valid.all()
    assert service.stats()["paths"] == {"getPixels": 2, "token": 1}
    service.order(first=[{"status": 401, "message": "who are you?"}] * 3)
    with pytest.raises(FetchError, match=r"credentials: HTTP 401: who are you\?"):
        source.fetch(sheet("US", ["m_west"], Window(30, 30, 9, 9), STEP))


def test_a_key_that_no_longer_counts_stops_the_run(
    service: Service, key_file: Path
) -> None:
    session = service.open(credentials=key_file)
    source = EarthEngineSource(footprints(session, "US"), session, {})
    service.order(token_refused=True, first=[{"status": 401, "message": "expired"}])
    with pytest.raises(FetchError) as failure:
        source.fetch(sheet("US", ["m_west"], Window(30, 30, 9, 9), STEP))
    assert failure.value.reason == "credentials"
    assert "PRIVATE" not in str(failure.value)


def test_a_refused_key_is_a_credentials_error(service: Service, key_file: Path) -> None:
    service.order(token_refused=True)
    with pytest.raises(CredentialsError, match="invalid_grant") as refusal:
        service.open(credentials=key_file)
    assert refusal.value.exit_code == 4
    assert "earthengine authenticate" in str(refusal.value)
    assert "PRIVATE" not in str(refusal.value)


def test_a_project_that_is_not_registered_is_told(service: Service) -> None:
    said = "Earth Engine API has not been used in project 7 before or it is disabled."
    service.order(where="algorithms", first=[{"status": 403, "message": said}])
    with pytest.raises(CredentialsError, match="has not been used") as told:
        service.open(project="another-project")
    assert "another-project" in str(told.value)
    # What failed to open left nothing behind.
    service.order()
    assert service.open(project="another-project").project == "another-project"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_warned_of(
    service: Service, key_file: Path, mode: int, capsys
) -> None:
    be_quiet(False)
    key_file.chmod(mode)
    service.order(token_refused=True)
    with pytest.raises(CredentialsError):
        service.open(credentials=key_file)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"chmod 600 {key_file}" in line


@pytest.mark.parametrize(
    "content",
    [
        "not json secret-9",
        "[]",
        '"secret-9"',
        '{"type": "authorized_user", "refresh_token": "secret-9"}',
        '{"type": "service_account", "private_key": "secret-9", "client_email": "a", '
        '"token_uri": "http://127.0.0.1/t"}',
    ],
)
def test_a_broken_key_is_not_shown(service: Service, tmp_path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(CredentialsError, match="not a service account's key") as told:
        service.open(credentials=path)
    assert str(path) in str(told.value)
    assert "secret-9" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_missing_key_is_told(service: Service, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"gone.json: .*could not be read"):
        service.open(credentials=tmp_path / "gone.json")


def test_a_missing_project_names_the_setting(service: Service) -> None:
    for project in (None, ""):
        with pytest.raises(UsageError) as told:
            service.open(project=project)
        assert "`[earthengine] project` in lake.toml" in str(told.value)
        assert "SKYLOOM_EARTHENGINE_PROJECT" in str(told.value)


def test_nothing_stored_says_how_to_get_it(service: Service, nothing_stored) -> None:
    with pytest.raises(CredentialsError, match="earthengine authenticate") as told:
        service.open(credentials=None)
    assert told.value.exit_code == 4


def test_a_damaged_store_is_not_shown(service: Service, nothing_stored: Path) -> None:
    store = nothing_stored / ".config" / "earthengine" / "credentials"
    store.parent.mkdir(parents=True)
    store.write_text('{"refresh_token": "secret-9"')
    with pytest.raises(CredentialsError, match="earthengine authenticate") as told:
        service.open(credentials=None)
    assert "secret-9" not in str(told.value)


def test_application_default_credentials_are_found(
    service: Service, nothing_stored, key_file: Path, monkeypatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    service.order(needs_token=True)
    assert service.open(credentials=None).project == PROJECT
    assert service.stats()["paths"]["token"] >= 1


def test_nobody_is_for_private_endpoints_only() -> None:
    with pytest.raises(UsageError, match="private endpoint"):
        open_session(PUBLIC, PROJECT, "anonymous")


def test_credentials_do_not_travel_in_the_clear(key_file: Path) -> None:
    with pytest.raises(UsageError, match="in the clear"):
        open_session("http://earthengine.example.org", PROJECT, key_file)


def test_nobody_listens_there(service: Service, monkeypatch) -> None:
    monkeypatch.setattr(earthengine_session, "OPENING_RETRIES", 0)
    with pytest.raises(SkyloomError, match="could not be opened") as told:
        open_session("http://127.0.0.1:9", PROJECT, "anonymous", timeout_s=1)
    assert told.value.exit_code == 1
    assert "127.0.0.1:9" in str(told.value)


def test_a_missing_package_names_the_extra(service: Service, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "ee", None)
    with pytest.raises(UsageError, match=r"pip install -e '\.\[earthengine\]'"):
        service.open()
