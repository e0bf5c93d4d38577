"""A real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from infra.deploy import ROOT
from infra.sandbox import RunningGallery

NAMES = ("chromium", "chromium-browser", "google-chrome")
OUTPUT = ROOT / "test-output"  # screenshots, to look at
PATIENCE_MS = 20_000  # several times what the page waits between two requests when nothing goes on: 5 s

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Of this package only: while it runs, so does an event loop, and asyncio.run() would refuse to."""
    executable = next((found for name in NAMES if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser, gallery: RunningGallery) -> Iterator[Page]:
    """A tab on the gallery, which complains of whatever the page complains of."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page = browser.new_page(viewport={"width": 1024, "height": 768})
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    page.goto(gallery.endpoints["site"])
    yield page
    page.close()
    assert complaints == []


@pytest.fixture
def output() -> Path:
    OUTPUT.mkdir(exist_ok=True)
    return OUTPUT
