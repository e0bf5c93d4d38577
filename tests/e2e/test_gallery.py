"""Whole stories, in a real browser on the real thing."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from captionary.catalog import Catalog, Upgrade
from infra.sandbox import RunningGallery, eventually
from tests.running import PHOTOS

pytestmark = pytest.mark.e2e

# Drops files on the page, as a file manager does.
DROP = """async (files) => {
  const data = new DataTransfer();
  for (const [name, address] of files) {
    const blob = await (await fetch(address)).blob();
    data.items.add(new File([blob], name, { type: blob.type }));
  }
  const target = document.querySelector("main");
  for (const type of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


CARDS = "main li[id]"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def cards_shown(tab: Page) -> int:
    """How many photos the page shows, once it shows any."""
    expect(tab.locator(CARDS).first).to_be_visible()
    return tab.locator(CARDS).count()


def add(tab: Page, *paths: Path) -> None:
    """Choose files with the page's button."""
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Add photos").first.click()
    chooser.value.set_files([str(path) for path in paths])


def test_a_new_gallery_says_how_to_begin(tab: Page, output: Path) -> None:
    expect(tab.get_by_role("heading", name="Captionary")).to_be_visible()
    expect(tab.get_by_text("No photos yet")).to_be_visible()
    tab.screenshot(path=output / "empty.png")


def test_sample_photos_show_what_it_does(tab: Page, gallery: RunningGallery, output: Path) -> None:
    tab.get_by_role("button", name="Try it with these 5").click()
    expect(tab.locator("img[data-loaded=true]")).to_have_count(5)
    assert sorted(image["filename"] for image in gallery.all_images()) == sorted(
        photo.name for photo in PHOTOS.glob("*.jpg")
    )
    tab.screenshot(path=output / "samples.png")
    ids = json.dumps({"ids": [image["id"] for image in gallery.all_images()]}).encode()
    assert gallery.request("POST", "/api/images/delete", ids, Content_Type="application/json").status == 200
    expect(tab.get_by_text("No photos yet")).to_be_visible()


def test_a_photo_is_added_and_gets_its_caption(tab: Page, gallery: RunningGallery, output: Path) -> None:
    add(tab, PHOTOS / "coffee.jpg")
    picture = tab.get_by_role("img").and_(tab.locator("img[data-loaded=true]"))
    expect(picture).to_have_count(1)
    [image] = gallery.all_images()
    assert image["status"] == "ready"
    assert picture.get_attribute("alt") == image["caption"]
    assert picture.evaluate("img => img.naturalWidth") > 0
    tab.screenshot(path=output / "one-photo.png")
    tab.get_by_role("link", name=image["caption"]).click()
    best = image["labels"][0]["name"]
    expect(tab.get_by_role("complementary").get_by_role("button", name=best)).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("dialog")).not_to_be_visible()


def test_photos_put_into_the_bucket_appear_by_themselves(tab: Page, gallery: RunningGallery) -> None:
    before = cards_shown(tab)
    image_id = gallery.put("from elsewhere/rocket.jpg", (PHOTOS / "rocket.jpg").read_bytes())
    caption = gallery.settled(image_id)["caption"]
    expect(tab.locator(CARDS)).to_have_count(before + 1)
    expect(tab.locator(CARDS).first).to_contain_text(caption)


def test_files_are_dropped_on_the_page(tab: Page, gallery: RunningGallery) -> None:
    [image, *_] = gallery.all_images()
    before = cards_shown(tab)
    tab.evaluate(DROP, [["dropped.jpg", image["preview_url"]]])
    expect(tab.locator(CARDS)).to_have_count(before + 1)
    [dropped] = eventually(lambda: [image for image in gallery.all_images() if image["filename"] == "dropped.jpg"])
    assert gallery.settled(dropped["id"])["status"] == "ready"


def test_a_whole_folder_is_added_but_for_what_is_already_here(
    tab: Page, gallery: RunningGallery, tmp_path: Path, output: Path
) -> None:
    before = cards_shown(tab)
    for number in range(3):
        photo = Image.new("RGB", (640, 480), (60 * number, 90, 120))
        photo.save(tmp_path / f"{number}.jpg")
    shutil.copy(PHOTOS / "coffee.jpg", tmp_path)  # it was the first to be added
    tab.get_by_role("button", name="More ways to add photos").click()
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Add a folder").click()
    chooser.value.set_files(tmp_path)
    tray = tab.get_by_role("region", name="Uploads")
    expect(tray.get_by_role("heading", name="3 photos added, 1 already here")).to_be_visible()
    tab.screenshot(path=output / "folder.png")
    expect(tab.locator(CARDS)).to_have_count(before + 3)
    expect(tab.locator("img[data-loaded=true]")).to_have_count(before + 3)


def test_a_large_photo_goes_straight_to_the_bucket(tab: Page, gallery: RunningGallery, tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (1600, 1200), random.Random(1).randbytes(1600 * 1200 * 3))
    noise.save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 4_500_000
    before = cards_shown(tab)
    with tab.expect_request(lambda request: request.url.endswith(gallery.endpoints["images_bucket"])):
        add(tab, tmp_path / "large.png")
    expect(tab.locator(CARDS)).to_have_count(before + 1)
    expect(tab.locator(CARDS).first.locator("img[data-loaded=true]")).to_be_visible()
    [image] = [image for image in gallery.all_images() if image["filename"] == "large.png"]
    assert (image["status"], image["width"], image["bytes"] > 4_500_000) == ("ready", 1600, True)


def test_files_that_are_no_good_say_why(tab: Page, gallery: RunningGallery, tmp_path: Path, output: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "broken.jpg").write_bytes((PHOTOS / "coffee.jpg").read_bytes()[:20_000])
    add(tab, tmp_path / "notes.txt", tmp_path / "broken.jpg")
    tray = tab.get_by_role("region", name="Uploads")
    expect(tray.get_by_text("Not a photo that is read here")).to_be_visible()
    card = tab.locator(CARDS).filter(has_text="broken.jpg")
    expect(card).to_contain_text("The picture is damaged or incomplete")
    tab.screenshot(path=output / "failed.png")


def test_a_deletion_can_be_undone_for_a_while(tab: Page, gallery: RunningGallery, output: Path) -> None:
    card = tab.locator(CARDS).filter(has_text="broken.jpg")
    card.hover()
    card.get_by_role("checkbox").click()
    tab.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(card).not_to_be_visible()
    tab.screenshot(path=output / "undo.png")
    tab.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible()

    card.hover()
    card.get_by_role("checkbox").click()
    tab.keyboard.press("Delete")
    expect(tab.get_by_role("button", name="Undo")).to_be_visible()
    tab.reload()  # it is left, so what was deleted is
    expect(tab.locator(CARDS).first).to_be_visible()
    expect(card).not_to_be_visible()
    eventually(lambda: "broken.jpg" not in {image["filename"] for image in gallery.all_images()})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1920])
def test_it_looks_right(tab: Page, output: Path, width: int, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab.set_viewport_size({"width": width, "height": 900})
    tab.reload()
    pictures = cards_shown(tab)
    expect(tab.locator("img[data-loaded=true]")).to_have_count(pictures)
    eventually(lambda: tab.evaluate(FITS))
    tab.screenshot(path=output / f"gallery-{width}-{scheme}.png")
    tab.locator(CARDS).first.get_by_role("link").click()
    expect(tab.get_by_role("dialog").locator("img.yarl__slide_image").first).to_be_visible()
    assert tab.evaluate(FITS)
    tab.screenshot(path=output / f"photo-{width}-{scheme}.png")


def test_the_page_tells_how_the_full_model_takes_over(tab: Page, gallery: RunningGallery, output: Path) -> None:
    catalog = Catalog(gallery.clients.dynamodb, gallery.endpoints["table"])
    reason = "Keras could not download the weights of ResNet50, because the host was silent for 5 seconds"
    for upgrade, note in (
        (Upgrade(model="imagenet", state="preparing", reason=None), "the full one is being prepared"),
        (Upgrade(model="imagenet", state="failed", reason=reason), f"can’t take over: {reason}; still the starter."),
    ):
        catalog.put_upgrade(upgrade)
        expect(tab.get_by_text(note)).to_be_visible()
        for width in (390, 1024):
            tab.set_viewport_size({"width": width, "height": 600})
            eventually(lambda: tab.evaluate(FITS))  # once the rows are laid out anew
            tab.screenshot(path=output / f"{upgrade['state']}-{width}.png")
    catalog.put_upgrade(None)
