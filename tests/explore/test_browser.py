"""The explorer in a real browser: Debian's chromium, driven by Playwright.

Without /usr/bin/chromium these tests are skipped; `.ci/run` installs it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.explore.synthetic_catalog import HOSTILE, write_catalog

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.exists() and "SKYLOOM_REQUIRE_BROWSER" not in os.environ,
        reason="needs /usr/bin/chromium",
    ),
    pytest.mark.xdist_group("browser"),
]
N_IMAGES = 100_000
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

    def opened(path, size=WIDE):
        width, height = size
        context = chromium.new_context(viewport={"width": width, "height": height})
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
def some_image(lake):
    from skyloom.catalog import Catalog

    with Catalog.open(lake).connect() as con:
        ((image,),) = con.execute("select min(image_id) from images").fetchall()
        return image


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


def _ids(page):
    links = page.locator("a.frame")
    return [one.get_attribute("href") for one in links.all()]


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
