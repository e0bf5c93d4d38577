"""A gallery with an access token, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.sandbox import RunningGallery
from tests.e2e.axe import faults
from tests.running import PHOTOS, TOKEN

pytestmark = pytest.mark.e2e

SHOWN = "main li[id] img[data-loaded=true]"


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """A tab of somebody who was never here."""
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    yield context.new_page()
    context.close()


def sign_in(tab: Page, token: str = TOKEN) -> None:
    tab.get_by_label("Access token").fill(token)
    tab.get_by_role("button", name="Sign in").click()


def test_a_visit(stranger: Page, guarded: RunningGallery, output: Path) -> None:
    image = guarded.settled(guarded.put("cat.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    site = guarded.endpoints["site"]
    stranger.goto(site)
    expect(stranger.get_by_label("Access token")).to_be_focused()
    assert faults(stranger) == []
    stranger.screenshot(path=output / "sign-in.png")
    sign_in(stranger, "a guess")
    expect(stranger.get_by_role("alert")).to_have_text("This is not the gallery's access token.")
    stranger.emulate_media(color_scheme="dark")
    stranger.set_viewport_size({"width": 360, "height": 640})
    assert faults(stranger) == []
    stranger.screenshot(path=output / "sign-in-wrong.png")
    stranger.set_viewport_size({"width": 1024, "height": 768})
    sign_in(stranger)
    expect(stranger.locator(SHOWN)).to_have_count(1)
    stranger.reload()
    expect(stranger.locator(SHOWN)).to_have_count(1)
    assert stranger.evaluate("document.cookie") == "", "scripts can't read it"
    with stranger.expect_file_chooser() as chooser:
        stranger.get_by_role("button", name="Add photos").first.click()
    chooser.value.set_files(str(PHOTOS / "coffee.jpg"))
    expect(stranger.locator(SHOWN)).to_have_count(2)
    stranger.screenshot(path=output / "signed-in.png")
    picture = f"{site.rstrip('/')}{image['preview_url']}"
    seen = stranger.goto(picture)
    assert seen is not None
    assert seen.status == 200
    stranger.goto(site)
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_label("Access token")).to_be_visible()
    expect(stranger.locator(SHOWN)).to_have_count(0)
    seen = stranger.goto(picture)
    assert seen is not None
    assert seen.status == 401, "not even what the browser had kept"
    stranger.goto(site)
    expect(stranger.get_by_label("Access token")).to_be_visible()


def test_another_tab_signs_out(stranger: Page, guarded: RunningGallery) -> None:
    stranger.goto(guarded.endpoints["site"])
    sign_in(stranger)
    expect(stranger.get_by_role("button", name="Sign out")).to_be_visible()
    stranger.context.clear_cookies()
    expect(stranger.get_by_label("Access token")).to_be_visible()


def test_everyone_may_look(browser: Browser, own_gallery: RunningGallery, output: Path) -> None:
    own_gallery.token, own_gallery.options = TOKEN, ("--public-read",)
    own_gallery.start()
    image = own_gallery.settled(own_gallery.put("cat.jpg", (PHOTOS / "cat.jpg").read_bytes()))
    tab = browser.new_page(viewport={"width": 1024, "height": 768})
    tab.goto(own_gallery.endpoints["site"])
    expect(tab.locator(SHOWN)).to_have_count(1)
    tab.get_by_role("link", name=image["caption"]).click()
    verdict = tab.get_by_role("group", name="Are these words right?").get_by_role("button").first
    verdict.click()
    dialog = tab.get_by_role("dialog", name="Sign in to change something")
    expect(dialog).to_be_visible()
    assert faults(tab) == []
    tab.screenshot(path=output / "sign-in-dialog.png")
    dialog.get_by_label("Access token").fill(TOKEN)
    tab.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()
    assert own_gallery.request("GET", "/api/status").json["feedback"] == {"right": 0, "wrong": 0}
    verdict.click()
    expect(tab.get_by_text("Thanks.")).to_be_visible()
    tab.close()
