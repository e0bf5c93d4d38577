"""Ten thousand photos: they stay quick to see, smooth to scroll, and small in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.sandbox import RunningGallery, eventually
from tests.e2e.many_photos import ManyPhotos

pytestmark = pytest.mark.e2e

COUNT = 10_000
CARDS = "main li[id]"
TOP = "[...document.querySelectorAll('main li[id]')].find(card => card.getBoundingClientRect().bottom > 64).id"

# Scrolls for a while as a wheel does, and tells how many frames came in each second.
SCROLL = """async ([pixels, seconds]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < seconds * 1000) {
    window.scrollBy(0, pixels);
    await frame();
    frames += 1;
  }
  return frames / seconds;
}"""


@pytest.fixture
def many(browser: Browser, gallery: RunningGallery) -> Iterator[Page]:
    """A tab on a gallery of very many photos."""
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    page.set_default_timeout(60_000)
    ManyPhotos(COUNT).serve(page)
    page.goto(gallery.endpoints["site"])
    expect(page.locator("img[data-loaded=true]").first).to_be_visible()
    yield page
    page.close()


def heap_megabytes(page: Page) -> float:
    """What the page's own objects take, once what is unused is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


def test_scrolling_through_them_is_smooth_and_takes_little(many: Page, output: Path) -> None:
    before = heap_megabytes(many)
    frames_per_second = many.evaluate(SCROLL, [150, 8])

    def is_at_the_end() -> bool:
        many.evaluate("window.scrollBy(0, 6000)")
        return many.locator(CARDS).last.get_attribute("aria-setsize") == str(COUNT)

    eventually(is_at_the_end, 240)
    after = heap_megabytes(many)
    drawn = many.locator(CARDS).count()
    figures = f"{frames_per_second:.0f} frames/s; {before:.0f} MB at first, {after:.0f} MB with all; {drawn} drawn"
    (output / "many.txt").write_text(figures + "\n")
    many.screenshot(path=output / "many.png")
    assert frames_per_second > 2  # 50 where the machine has nothing else to do; many.txt has the figure
    assert drawn < 120
    assert after < before + 60


def test_one_comes_back_to_where_one_was(many: Page) -> None:
    eventually(lambda: many.evaluate("(window.scrollBy(0, 3000), window.scrollY > 40_000)"))
    many.evaluate("window.scrollBy(0, -12_000)")  # off the end, where rows change as more photos come
    many.wait_for_timeout(1000)  # until the place is remembered
    assert many.evaluate("window.scrollY") < 40_000
    place = many.evaluate(TOP)

    many.reload()
    expect(many.locator("img[data-loaded=true]").first).to_be_visible()
    eventually(lambda: many.evaluate(TOP) == place)

    many.locator(f"#{place}").get_by_role("link").click()
    expect(many.get_by_role("dialog")).to_be_visible()
    many.go_back()
    expect(many.get_by_role("dialog")).not_to_be_visible()
    assert many.evaluate(TOP) == place
