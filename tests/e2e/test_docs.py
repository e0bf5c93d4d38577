"""The page that describes the API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from infra.sandbox import RunningGallery

pytestmark = pytest.mark.e2e


def test_reading_of_the_api_and_trying_it(tab: Page, gallery: RunningGallery, cat: bytes) -> None:
    image = gallery.settled(gallery.put("docs/cat.jpg", cat))
    tab.goto(f"{gallery.endpoints['site']}api/docs")
    expect(tab).to_have_title("Captionary: the API")
    tab.get_by_role("button", name="GET /images List and find photos").first.click()
    tab.get_by_role("button", name="Try it out").click()
    tab.get_by_role("button", name="Execute").click()
    expect(tab.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200")
    expect(tab.locator(".live-responses-table")).to_contain_text(image["id"])
    tab.get_by_role("link", name="Back to the photos").click()
    expect(tab.get_by_role("main")).to_be_visible()
