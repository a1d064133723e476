"""Who may ask the explorer, and what an address can lead to."""

import pytest

from explore.web.serve import Door, check_door, hosts, is_loopback
from skyloom.errors import UsageError
from tests.explore.published import publish_tables, typed_tables
from tests.explore.web_site import HOST, browser

TOKEN = "a-token-of-some-length"
MISSING = "/nothing"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("site") / "lake"
    with typed_tables() as con:
        con.execute(
            "insert into images (image_id, filepath, width_px) values "
            "('a1_US_20', 'images/US/aa/a1_US_20.jpg', 1), "
            "('a2_US_20', '../secret.jpg', 1), ('a3_US_20', 'images/US/gone.jpg', 1)"
        )
        publish_tables(con, root)
    chip = root / "images" / "US" / "aa" / "a1_US_20.jpg"
    chip.parent.mkdir(parents=True)
    chip.write_bytes(b"pixels")
    (root.parent / "secret.jpg").write_bytes(b"secret")
    return root


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:1", "", f"x@{HOST}", f"{HOST}.evil"],
)
def test_another_host_is_refused(lake, host):
    answer = browser(lake).get("/static/icon.svg", headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://" + HOST]
)
def test_a_post_from_elsewhere_is_refused(lake, origin):
    headers = {} if origin is None else {"origin": origin}
    assert browser(lake).post(MISSING, headers=headers).status_code == 403


def test_a_post_of_our_own_arrives(lake):
    answer = browser(lake).post(MISSING, headers={"origin": f"http://{HOST}"})
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(lake, method):
    assert browser(lake).request(method, "/").status_code == 405


@pytest.mark.parametrize(
    ("site", "dest", "status"),
    [
        ("cross-site", "image", 403),
        ("cross-site", "iframe", 403),
        ("same-site", "empty", 403),
        ("cross-site", "document", 200),
        ("same-origin", "image", 200),
        ("none", "document", 200),
    ],
)
def test_other_sites_may_link_and_no_more(lake, site, dest, status):
    headers = {"sec-fetch-site": site, "sec-fetch-dest": dest}
    assert browser(lake).get("/static/icon.svg", headers=headers).status_code == status


def test_too_much_is_refused(lake):
    client = browser(lake)
    headers = {"origin": f"http://{HOST}"}
    assert (
        client.post(MISSING, headers=headers, content=b"0" * 20_000_001).status_code
        == 413
    )
    assert client.get("/nothing?a=" + "a" * 9_000).status_code == 414


def test_without_the_token_nothing_is_shown(lake):
    client = browser(lake, token=TOKEN)
    assert client.get("/static/icon.svg").status_code == 401
    assert client.get("/static/icon.svg?token=another").status_code == 401
    client.cookies.set("skyloom_token", "another")
    assert client.get("/static/icon.svg").status_code == 401


def test_the_token_becomes_a_cookie_and_leaves_the_address(lake):
    client = browser(lake, token=TOKEN)
    answer = client.get(f"http://{HOST}//evil.example/x?a=1&token={TOKEN}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/evil.example/x?a=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert client.get("/static/icon.svg").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../templates/report.html.j2",
        "/static/..%2f..%2fpyproject.toml",
        "/static/%2e%2e/page.py",
        "/static//etc/passwd",
        "/static/report.html.j2",
        "/chips/../../secret.jpg",
        "/chips/..%2f..%2fsecret.jpg",
        "/chips/a1_US_20' or 1=1 --.jpg",
        "/chips/a3_US_20.jpg",
    ],
)
def test_no_path_reaches_the_disk(lake, path):
    answer = browser(lake).get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text and "[project]" not in answer.text


def test_a_chip_is_found_by_its_id(lake):
    client = browser(lake)
    answer = client.get("/chips/a1_US_20.jpg")
    assert (answer.status_code, answer.content) == (200, b"pixels")
    again = client.get(
        "/chips/a1_US_20.jpg", headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_catalog_cannot_lead_out_of_its_lake(lake):
    answer = browser(lake).get("/chips/a2_US_20.jpg")
    assert answer.status_code == 500
    assert "outside the lake" in answer.text


def test_every_answer_carries_the_policy(lake):
    for path in ("/static/icon.svg", MISSING, "/chips/a1_US_20.jpg"):
        headers = browser(lake).get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "'unsafe-eval'" not in policy
        assert "script-src 'self';" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_addresses_that_others_reach_need_the_flag():
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(UsageError, match="reached by others"):
            check_door(Door(host))
        check_door(Door(host, allow_remote=True))
    with pytest.raises(UsageError, match="16 characters"):
        check_door(Door("0.0.0.0", allow_remote=True, token="short"))


def test_loopback_names_stand_for_each_other():
    assert (
        is_loopback("127.0.0.1") and is_loopback("::1") and not is_loopback("0.0.0.0")
    )
    assert hosts("127.0.0.1", 1) == ("127.0.0.1:1", "[::1]:1", "localhost:1")
