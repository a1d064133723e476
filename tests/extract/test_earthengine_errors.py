"""Each error of the service leads to its reason; no secret is told."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import ee
import httplib2  # type: ignore[import-untyped]
import pytest
import requests
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]
from rasterio.windows import Window

from extract.chips import FetchError
from extract.earthengine import EarthEngineSource
from extract.earthengine_errors import classify, expected
from extract.failures import POLICIES
from extract.secrets import without_secrets
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    NAIP,
    STEP,
    Service,
    footprints,
    place_fixture,
    service_fixture,
    sheet,
)

GONE = f"Image asset '{NAIP}/m_west' not found (does not exist or caller does not ..."
TABLE = [
    (429, "Too Many Requests: please slow down", "throttled"),
    (
        429,
        "Quota exceeded for quota metric 'Number of read requests' and limit "
        "'Number of read requests per minute per user'",
        "throttled",
    ),
    (429, "Quota exceeded: EECU-seconds per day", "quota"),
    (429, "The project's noncommercial compute quota is used up", "quota"),
    (500, "Internal error", "http"),
    (502, "Bad gateway", "http"),
    (503, "The service is currently unavailable.", "http"),
    (504, "Deadline expired", "http"),
    (504, "Computation timed out.", "too_heavy"),
    (400, "User memory limit exceeded.", "too_heavy"),
    (400, "Computation timed out.", "too_heavy"),
    (
        400,
        "Total request size (60000000 bytes) must be less than or equal to 50331648 "
        "bytes.",
        "too_heavy",
    ),
    (413, "Too large", "too_heavy"),
    (
        400,
        "Image.select: Band pattern 'R' was applied to an Image with no bands.",
        "no_coverage",
    ),
    (
        400,
        "Image.select: Band pattern 'R' did not match any bands. Available bands: [N]",
        "no_coverage",
    ),
    (400, "Parameter 'input' is required and may not be null.", "no_coverage"),
    (400, GONE, "not_found"),
    (404, GONE, "not_found"),
    (400, "Invalid argument", "bad_request"),
    (400, "Too many concurrent aggregations.", "throttled"),
    (401, "Request had invalid authentication credentials.", "credentials"),
    (
        403,
        "Earth Engine API has not been used in project 1 before or it is disabled.",
        "credentials",
    ),
    (403, "Caller does not have required permission to use project x", "credentials"),
    (403, "userRateLimitExceeded", "throttled"),
    (403, "dailyLimitExceeded", "quota"),
]


@pytest.fixture(scope="module")
def source(place: Service) -> EarthEngineSource:
    session = place.open()
    return EarthEngineSource(footprints(session, "US"), session, {})


def failure_of(source: EarthEngineSource) -> FetchError:
    with pytest.raises(FetchError) as failure:
        source.fetch(sheet("US", ["m_west"], Window(0, 0, 10, 10), STEP))
    return failure.value


@pytest.mark.parametrize(("status", "message", "reason"), TABLE)
def test_what_the_service_says(
    service: Service, source, status: int, message: str, reason: str
) -> None:
    service.order(first=[{"status": status, "message": message}])
    failure = failure_of(source)
    assert failure.reason == reason
    assert failure.reason in POLICIES
    if status != 401:  # That of nobody fails on its way to a token.
        assert failure.http_status == status
        assert message[:40] in failure.detail
    assert service.stats()["paths"] == {"getPixels": 1}


def test_errors_of_one_image_only(service: Service, source) -> None:
    service.order(images={"m_east": {"status": 404, "message": GONE}})
    window = Window(360, 0, 30, 30)
    assert source.fetch(sheet("US", ["m_west"], window, STEP)).valid.any()
    for images in (["m_east"], ["m_west", "m_east"]):
        with pytest.raises(FetchError, match="not_found"):
            source.fetch(sheet("US", images, window, STEP))


def test_the_servers_own_limits(service: Service, source) -> None:
    service.order(max_per_second=2)
    wanted = sheet("US", ["m_west"], Window(0, 0, 10, 10), STEP)
    reasons = []
    for _ in range(4):
        try:
            source.fetch(wanted)
        except FetchError as error:
            reasons.append(error.reason)
    assert reasons == ["throttled"] * 2
    assert service.stats()["max_in_a_second"] == 4


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [
        ("7", 7, 7),
        ("0.5", 0.5, 0.5),
        ("-3", 0, 0),
        ("999999", 3600, 3600),
    ],
)
def test_retry_after_is_kept(service: Service, source, told, low, high) -> None:
    service.order(first=["429"], retry_after=told)
    wait_s = failure_of(source).retry_after_s
    assert wait_s is not None
    assert low <= wait_s <= high


def test_retry_after_may_be_a_moment(service: Service, source) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    service.order(first=["429"], retry_after=format_datetime(moment, True))
    wait_s = failure_of(source).retry_after_s
    assert wait_s is not None
    assert 20 <= wait_s <= 90


def test_an_odd_retry_after_is_no_wait(service: Service, source) -> None:
    service.order(first=["429"], retry_after="soon")
    assert failure_of(source).retry_after_s is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("no whole answer"), "timeout"),
        (ConnectionResetError("reset by peer"), "http"),
        (requests.ConnectionError("refused"), "http"),
        (requests.exceptions.ChunkedEncodingError("short"), "http"),
        (httplib2.ServerNotFoundError("no such host"), "error"),
        (RefreshError("invalid_grant: expired"), "credentials"),
        (RefreshError("server error", retryable=True), "http"),
        (TransportError("no route to the token endpoint"), "http"),
        (DefaultCredentialsError("none"), "credentials"),
        (ee.EEException("User memory limit exceeded."), "too_heavy"),
        (ee.EEException("Computation timed out."), "too_heavy"),
        (ee.EEException("ee.Initialize: no project found."), "credentials"),
        (ee.EEException("something else"), "error"),
    ],
)
def test_what_never_reached_the_service(error: Exception, reason: str) -> None:
    assert isinstance(error, expected())
    failure = classify(error)
    assert failure.reason == reason
    assert failure.reason in POLICIES
    assert failure.http_status is None


def test_the_status_goes_before_the_text() -> None:
    answer: Any = httplib2.Response({"status": "503", "Retry-After": "4"})
    try:
        try:
            raise HttpError(answer, b"Quota exceeded per day")
        except HttpError:
            raise ee.EEException("Quota exceeded per day")  # noqa: B904 - as ee does
    except ee.EEException as error:
        failure = classify(error)
    assert (failure.reason, failure.http_status) == ("http", 503)
    assert failure.retry_after_s == 4


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer ya29.a0AfB_secret-9",
        "POST /token?refresh_token=1//0gsecret-9&x=1",
        "{'access_token': 'secret-9', 'expires_in': 3599}",
        '{"private_key": "-----BEGIN PRIVATE KEY-----\\nsecret-9\\n-----END"}',
        "assertion=eyJhbGciOi.eyJpc3M.secret-9",
        "client_secret = secret-9",
    ],
)
def test_secrets_are_blotted_out(text: str) -> None:
    assert "secret-9" not in without_secrets(text)
    assert "secret-9" not in str(classify(RefreshError(text, {"access_token": text})))
    assert "secret-9" not in str(classify(ConnectionError(text)))
    assert "secret-9" not in str(classify(ee.EEException(text)))
