"""The explorer in a real browser: Debian's chromium, driven by Playwright.

Without /usr/bin/chromium these tests are skipped; `.ci/run` installs it.
"""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.explore.synthetic_catalog import HOSTILE, write_catalog
from tests.explore.web_site import browser

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.exists() and "SKYLOOM_REQUIRE_BROWSER" not in os.environ,
        reason="needs /usr/bin/chromium",
    ),
    pytest.mark.xdist_group("browser"),
]
N_IMAGES, MOST = 100_000, 480
WIDE, NARROW = (1400, 900), (390, 800)
FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = (
    "/",
    "/?split=val&source=US",
    "/map",
    "/image/{image}",
    "/rules",
    "/rules/coverage",
    "/quality",
    "/quality/rejects",
    "/quality/balance",
    "/quality/coverage",
    "/quality/repeats",
    "/runs",
    "/runs/diff",
    "/sql",
    "/sql?q=select+*+from+images+limit+5",
    "/sql?q=select+nothing",
    "/nothing-here",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_catalog(tmp_path_factory.mktemp("seen") / "lake", N_IMAGES)


@pytest.fixture(scope="module")
def site(lake):
    """The address of `skyloom explore` in a process of its own."""
    command = [sys.executable, "-m", "skyloom.cli", "explore", "--lake", str(lake.root)]
    with subprocess.Popen(
        [*command, "--port", "0", "--no-browser"],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            told = process.stderr.readline() if process.stderr else ""
            (address,) = re.findall(r"http://127\.0\.0\.1:\d+", told)
            yield address
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(FLAGS)
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory):
    """Pixels for the chips of a catalog that has none on disk."""
    from PIL import Image

    path = tmp_path_factory.mktemp("pixels") / "chip.jpg"
    Image.new("RGB", (160, 160), (70, 90, 60)).save(path)
    return path


@pytest.fixture
def open_page(chromium, site, jpeg):
    """Opens a page; whatever it complained of or asked elsewhere fails the test."""
    complaints, contexts = [], []

    def opened(path, size=WIDE, **settings):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.route("**/chips/*.jpg", lambda route: route.fulfill(path=str(jpeg)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.on("console", lambda line: _hear(line, complaints))
        page.on("request", lambda asked: _watch(asked.url, site, complaints))
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _hear(line, complaints):
    # A page that is told to be missing is missing; so chromium says, too.
    if line.type == "error" and "status of 40" not in line.text:
        complaints.append(line.text)


def _watch(url, site, complaints):
    if not url.startswith((f"{site}/", "data:", "blob:")):
        complaints.append(f"asked outside: {url}")


@pytest.fixture(scope="module")
def every_image(lake):
    from skyloom.catalog import Catalog

    with Catalog.open(lake).connect() as con:
        found = con.execute("select image_id from images order by image_id").fetchall()
        assert len(found) == N_IMAGES
        return [image for (image,) in found]


@pytest.fixture(scope="module")
def some_image(every_image):
    return every_image[0]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_quiet_and_accessible(open_page, some_image, path, size):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(path.format(image=some_image), size)
    assert page.locator("h1").count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    across = page.evaluate("document.documentElement.scrollWidth")
    assert across <= size[0], "wider than its window"


@pytest.mark.parametrize("path", ["/", "/quality", "/image/{image}"])
def test_dark_pages_are_dark_and_legible(open_page, some_image, path):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(path.format(image=some_image), color_scheme="dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 80
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def _ids(page):
    links = page.locator("a.frame")
    return links.evaluate_all("all => all.map(one => one.getAttribute('href'))")


def test_pages_follow_each_other(open_page):
    page = open_page("/")
    seen = []
    for _ in range(10):
        seen += _ids(page)
        with page.expect_navigation():
            page.get_by_role("link", name="Next").first.click()
    seen += _ids(page)
    assert len(seen) == len(set(seen)) == 11 * 48
    with page.expect_navigation():
        page.keyboard.press("p")
    assert _ids(page) == seen[9 * 48 : 10 * 48]


def _go(page, name):
    with page.expect_navigation():
        page.get_by_role("link", name=name).first.click()


def test_the_end_and_back(open_page, every_image):
    page = open_page("/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Images on a page").select_option("96")
    with page.expect_navigation():
        page.get_by_role("button", name="Apply").click()
    named = [f"/image/{image}" for image in every_image]
    _go(page, "Last")
    assert _ids(page) == named[-96:]
    assert page.get_by_role("link", name="Next").count() == 0
    _go(page, "Previous")
    assert _ids(page) == named[-192:-96]
    _go(page, "Next")
    assert _ids(page) == named[-96:]
    _go(page, "First")
    assert _ids(page) == named[:96]


def test_all_pages_show_each_image_once_in_order(lake, every_image, monkeypatch):
    """By each page's own link to the next; the cards, which are dear, stay away."""
    shown = []

    def cards(con, images, **how):
        shown.extend(images)
        return ()

    monkeypatch.setattr("explore.web.gallery.cards_of", cards)
    client, pages = browser(lake.root), 0
    later = [f"/?per_page={MOST}"]
    while later:
        answer = client.get(html.unescape(later[0]))
        assert answer.status_code == 200
        later = re.findall(r'<link rel="next" href="([^"]+)">', answer.text)
        pages += 1
    assert shown == every_image
    assert pages == -(-N_IMAGES // MOST)


def test_a_filter_stays_in_the_address(open_page):
    page = open_page("/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Split").select_option("test")
    page.get_by_role("button", name="Search").click()
    page.wait_for_load_state("networkidle")
    assert "split=test" in page.url
    facts = page.locator(".facts")
    assert facts.count() == 48
    assert all("test" in one for one in facts.all_inner_texts())


def test_outlines_can_be_hidden_and_chips_walked_by_key(open_page):
    page = open_page("/")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.getAttribute('href')")
    assert [first, second] == _ids(page)[:2]
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('href')") == first
    page.get_by_label("Show outlines").uncheck()
    assert not page.locator("svg.overlay").first.is_visible()


def test_a_box_is_drawn_and_shown_in_the_gallery(open_page):
    page = open_page("/map")
    page.wait_for_selector("canvas")
    page.get_by_role("button", name="Draw a box").click()
    frame = page.locator("canvas").first.bounding_box()
    x, y = frame["x"] + frame["width"] * 0.3, frame["y"] + frame["height"] * 0.3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 120, steps=5)
    page.mouse.up()
    show = page.get_by_role("link", name=re.compile(r"in the gallery"))
    show.wait_for()
    sides = [float(page.get_by_label(name).input_value()) for name in ("West", "East")]
    assert sides[0] < sides[1]
    (said,) = re.findall(r"[\d,]+", show.inner_text())[:1]
    show.click()
    page.wait_for_load_state("networkidle")
    assert "bbox=" in page.url
    counted = page.locator("main").inner_text()
    n = int(said.replace(",", ""))
    assert f"{n:,} image" in counted or (n > 10_000 and "10,000+" in counted)


def _drag_by_finger(page, start, end):
    """As chromium itself hears of one finger on a screen."""
    session = page.context.new_cdp_session(page)
    for kind, place in (("touchStart", start), ("touchMove", end), ("touchEnd", None)):
        points = [{"x": place[0], "y": place[1]}] if place else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_draws_a_box(open_page):
    page = open_page("/map", NARROW, has_touch=True, is_mobile=True)
    page.wait_for_selector("canvas")
    draw = page.get_by_role("button", name="Draw a box")
    draw.tap()
    assert draw.get_attribute("aria-pressed") == "true"
    page.locator("canvas").first.scroll_into_view_if_needed()
    frame = page.locator("canvas").first.bounding_box()
    x, y = frame["x"] + frame["width"] * 0.3, frame["y"] + frame["height"] * 0.3
    _drag_by_finger(page, (x, y), (x + 100, y + 80))
    page.get_by_role("link", name=re.compile(r"in the gallery")).wait_for()
    sides = [float(page.get_by_label(name).input_value()) for name in ("West", "East")]
    assert sides[0] < sides[1]


def test_a_box_of_four_numbers_needs_no_pointer(open_page):
    page = open_page("/map")
    for name, side in zip(
        ("West", "South", "East", "North"), (0, 40, 30, 60), strict=True
    ):
        page.get_by_label(name, exact=True).fill(str(side))
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile(r"in the gallery")).wait_for()
    page.wait_for_url(re.compile(r"bbox="))
    assert "0%2C40%2C30%2C60" in page.url or "bbox=0,40,30,60" in page.url


def test_hostile_tags_are_text(open_page):
    page = open_page("/?q=alert")
    assert HOSTILE in page.locator("main").inner_text()
    page.locator("a.frame").first.click()
    page.wait_for_load_state("networkidle")
    assert HOSTILE in page.locator("main").inner_text()


def test_sql_runs_by_keyboard(open_page):
    page = open_page("/sql")
    page.get_by_label(re.compile("SELECT")).fill("select count(*) as n from images")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#found")
    assert f"{N_IMAGES}" in page.locator("table").inner_text()


def test_the_cut_moves(open_page):
    page = open_page("/quality")
    slider = page.locator("input[type=range]")
    before = page.locator("main").inner_text()
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"cut="))
    page.wait_for_load_state("networkidle")
    assert page.locator("main").inner_text() != before
