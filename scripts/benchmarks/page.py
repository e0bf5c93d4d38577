"""`scripts/bench page`: the gallery's page in a browser, with few photos and with ten thousand."""

from __future__ import annotations

import shutil
import statistics
import time

import click
from playwright.sync_api import Browser, expect, sync_playwright

from infra.sandbox import RunningGallery
from tests.e2e.many_photos import ManyPhotos

from .report import Figure, Part, tell
from .watching import running_gallery

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZES = (100, 10_000)
RUNS = 7
PATIENCE_MS = 60_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def command(as_json: bool) -> None:
    """Measure how soon the page shows its first photos."""
    with running_gallery() as gallery:
        part = measure(gallery)
    tell(part, as_json)


def measure(gallery: RunningGallery, runs: int = RUNS) -> Part:
    """From opening the page to its first thumbnail, in a new tab each time; the answers of the API are made up."""
    title = "The page, opened in a browser"
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if executable is None:
        return Part("page", title, (), ("There is no Chromium here, so the page was not measured.",))
    galleries = {size: ManyPhotos(size) for size in SIZES}
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(runs + 1):
            for size, photos in galleries.items():
                times[size].append(_seconds_to_photos(browser, gallery.endpoints["site"], photos))
        browser.close()
    typical = {size: statistics.median(some[1:]) for size, some in times.items()}
    few = min(typical)
    figures = [
        Figure(f"first photos of {size:,}", seconds * 1e3, "ms", seconds / typical[few], f"of {few:,}", size > few)
        for size, seconds in typical.items()
    ]
    return Part("page", title, tuple(figures))


def _seconds_to_photos(browser: Browser, site: str, photos: ManyPhotos) -> float:
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    photos.serve(page)
    started = time.perf_counter()
    page.goto(site)
    expect(page.locator("img[data-loaded=true]").first).to_be_visible(timeout=PATIENCE_MS)
    seconds = time.perf_counter() - started
    page.close()
    return seconds
