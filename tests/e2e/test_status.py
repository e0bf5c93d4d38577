"""How the gallery is doing, as someone sees it who looks after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from captionary import packs
from infra.models import SHIPPED
from infra.sandbox import RunningGallery
from tests.e2e.axe import faults
from tests.running import PHOTOS

pytestmark = pytest.mark.e2e

WIDTHS = (390, 1024, 1920)


@pytest.fixture(scope="module")
def gallery(gallery: RunningGallery) -> RunningGallery:
    """With photos that were captioned, and some that can't be."""
    ids = [gallery.put(f"{i}/{photo.name}", photo.read_bytes()) for i in range(4) for photo in PHOTOS.glob("*.jpg")]
    ids += [gallery.put(f"junk{i}.jpg", b"junk") for i in range(3)] + [gallery.put("empty.png", b"")]
    for image_id in ids:
        gallery.settled(image_id)
    return gallery


def test_the_state_of_the_gallery_is_looked_at(tab: Page, gallery: RunningGallery, output: Path) -> None:
    tab.get_by_role("link", name="Status").click()
    expect(tab.get_by_role("heading", name="Status")).to_be_visible()
    expect(tab).to_have_title("Status – Captionary")
    expect(tab.get_by_text("24 in all, 4 of them failed")).to_be_visible()
    stages = tab.get_by_role("region", name="Time for a photo")
    expect(stages.get_by_role("rowheader")).to_have_text(
        ["fetch", "decode", "encode", "network", "store", "record", "all"]
    )
    failures = tab.get_by_role("region", name="Photos that failed")
    expect(failures.get_by_role("listitem").first).to_contain_text("Not a picture that can be read")
    right_at_once = packs.read_manifest(SHIPPED / "starter")["scores"]["top1"]
    model = tab.get_by_role("region", name="Captions by the starter model")
    expect(model).to_contain_text(f"Right at once{right_at_once:.1%}")
    tab.get_by_text("The figures").click()
    expect(tab.get_by_role("region", name="Figures over time").get_by_role("row").nth(1)).to_be_visible()
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            tab.screenshot(path=output / f"status-{scheme}-{width}.png", full_page=True)
            assert faults(tab) == []
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"


def test_it_goes_on_telling_and_failures_are_tried_again(tab: Page, gallery: RunningGallery, cat: bytes) -> None:
    tab.goto(gallery.endpoints["site"] + "status")
    before = int(tab.get_by_text("Captioned", exact=True).locator("xpath=following-sibling::dd").inner_text())
    gallery.settled(gallery.put("new.jpg", cat))
    expect(tab.get_by_text("Captioned", exact=True).locator("xpath=following-sibling::dd")).to_have_text(
        str(before + 1)
    )
    tab.get_by_role("button", name="Try all again").click()
    expect(tab.get_by_text("4 photos queued")).to_be_visible()
    expect(tab.get_by_text("8 of them failed")).to_be_visible()
    tab.get_by_role("link", name="Show 4 photos").click()
    expect(tab.locator("main li[id]")).to_have_count(4)
    tab.go_back()
    expect(tab.get_by_role("heading", name="Status")).to_be_visible()
    tab.keyboard.press("/")
    tab.keyboard.type("junk")
    expect(tab.locator("main li[id]")).to_have_count(3)
