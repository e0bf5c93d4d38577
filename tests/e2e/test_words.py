"""What people do with captions and labels: find by them, read them, put them right. By mouse and by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.sandbox import RunningGallery
from tests.e2e.axe import faults
from tests.running import PHOTOS

pytestmark = pytest.mark.e2e

CARDS = "main li[id]"


@pytest.fixture(scope="module")
def gallery(gallery: RunningGallery) -> RunningGallery:
    """With the photos that ship with it."""
    ids = [gallery.put(photo.name, photo.read_bytes()) for photo in PHOTOS.glob("*.jpg")]
    for image_id in ids:
        gallery.settled(image_id)
    return gallery


def image_of(gallery: RunningGallery, filename: str) -> dict[str, object]:
    return next(image for image in gallery.all_images() if image["filename"] == filename)


def label_of(gallery: RunningGallery, filename: str) -> str:
    """What the model takes to be in a photo, whatever that is."""
    image = next(image for image in gallery.all_images() if image["filename"] == filename)
    return str(image["labels"][0]["name"])


def open_photo(tab: Page, gallery: RunningGallery, filename: str) -> None:
    tab.locator(f"#photo-{image_of(gallery, filename)['id']}").get_by_role("link").click()
    expect(tab.get_by_role("complementary", name="Details")).to_be_visible()


def test_photos_are_found_by_their_labels(tab: Page, gallery: RunningGallery, output: Path) -> None:
    box = tab.get_by_role("combobox", name="Search photos")
    label = label_of(gallery, "coffee.jpg")
    begun = label[:-1]
    box.fill(begun)
    expect(tab.get_by_role("option", name=re.compile(label))).to_be_visible()
    tab.screenshot(path=output / "search.png")
    expect(tab.locator(CARDS)).to_have_count(1)
    assert tab.url.endswith(f"?q={begun}")
    assert faults(tab) == []

    tab.reload()
    expect(box).to_have_value(begun)
    expect(tab.locator(CARDS)).to_have_count(1)

    box.fill("nothing of the kind")
    expect(tab.get_by_text("No photo matches")).to_be_visible()
    assert faults(tab) == []
    tab.get_by_role("button", name="Show all photos").click()
    expect(tab.locator(CARDS)).to_have_count(5)


def test_a_label_leads_to_its_photos_and_back(tab: Page, gallery: RunningGallery) -> None:
    open_photo(tab, gallery, "coffee.jpg")
    tab.get_by_role("complementary").get_by_role("button", name=label_of(gallery, "coffee.jpg")).click()
    expect(tab.locator(CARDS)).to_have_count(1)
    tab.go_back()
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.go_back()
    expect(tab.locator(CARDS)).to_have_count(5)


def test_a_caption_and_labels_are_put_right(tab: Page, gallery: RunningGallery, output: Path) -> None:
    open_photo(tab, gallery, "cat.jpg")
    details = tab.get_by_role("complementary", name="Details")
    details.get_by_role("button", name="Edit the caption").click()
    details.get_by_role("textbox", name="Caption").fill("Chelsea, looking at you")
    tab.keyboard.press("Enter")
    expect(details.get_by_role("textbox", name="Caption")).not_to_be_visible()
    expect(details.get_by_text("Chelsea, looking at you")).to_be_visible()
    details.get_by_role("button", name="Edit the labels").click()
    details.get_by_role("textbox", name="New label").fill("Chelsea")
    details.get_by_role("button", name="Save").click()
    expect(details.get_by_role("button", name="Chelsea")).to_be_visible()
    details.get_by_role("button", name="Right").click()
    expect(details.get_by_text("Thanks.")).to_be_visible()
    assert faults(tab) == []
    tab.screenshot(path=output / "edited.png")

    image = image_of(gallery, "cat.jpg")
    assert (image["caption"], image["caption_source"]) == ("Chelsea, looking at you", "person")
    assert image["feedback"] == {"right": 1, "wrong": 0}
    tab.keyboard.press("Escape")
    tab.get_by_role("combobox", name="Search photos").fill("chelsea")
    expect(tab.get_by_role("img", name="Chelsea, looking at you")).to_be_visible()
    expect(tab.locator(CARDS)).to_have_count(1)


def test_it_is_done_by_keyboard_alone(tab: Page, gallery: RunningGallery) -> None:
    expect(tab.locator(CARDS)).to_have_count(5)
    tab.keyboard.press("/")
    tab.keyboard.type("coffee")
    expect(tab.locator(CARDS)).to_have_count(1)
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    expect(tab.locator(CARDS)).to_have_count(5)
    focused = tab.locator("li[id] a:focus")
    for _ in range(20):
        if focused.count():
            break
        tab.keyboard.press("Tab")
    first = focused.get_attribute("href")
    tab.keyboard.press("ArrowRight")
    assert focused.get_attribute("href") != first

    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    tab.keyboard.press("ArrowLeft")
    expect(tab).to_have_url(re.compile(re.escape(first or "") + "$"))
    tab.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(focused).to_have_attribute("href", first or "")

    tab.keyboard.press("x")
    tab.keyboard.press("Delete")
    expect(tab.locator(CARDS)).to_have_count(4)
    tab.keyboard.press("Control+z")
    expect(tab.locator(CARDS)).to_have_count(5)


def test_nothing_keeps_a_screen_reader_out(tab: Page, gallery: RunningGallery) -> None:
    expect(tab.locator("img[data-loaded=true]")).to_have_count(5)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert faults(tab) == []
    for card in tab.locator(CARDS).all():
        assert card.get_by_role("link").get_by_role("img").last.get_attribute("alt")
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Add photos", exact=True).click()
    chooser.value.set_files(str(PHOTOS / "README.md"))
    expect(tab.get_by_role("region", name="Uploads").get_by_text("Not a photo")).to_be_visible()
    tab.locator(CARDS).first.get_by_role("link").focus()
    tab.keyboard.press("x")
    assert faults(tab) == []
    tab.keyboard.press("Delete")
    expect(tab.get_by_role("button", name="Undo")).to_be_visible()
    assert faults(tab) == []
    tab.keyboard.press("Control+z")


def test_the_page_goes_on_after_the_gallery_was_away(browser: Browser, gallery: RunningGallery) -> None:
    page = browser.new_page()  # the browser itself complains of what fails here
    page.goto(gallery.endpoints["site"])
    expect(page.locator(CARDS)).to_have_count(5)
    page.route("**/api/**", lambda route: route.fulfill(status=502, body="Bad gateway"))
    expect(page.get_by_role("alert")).to_contain_text("The gallery does not answer")
    page.unroute("**/api/**")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(CARDS)).to_have_count(5)
    page.close()
