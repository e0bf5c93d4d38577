import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";
import { PACE } from "../../src/shared/pace";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";
import { scrollToEnd } from "../setup";

function manyImages(count: number) {
  return Array.from({ length: count }, () => anImage()).reverse();
}

/** The photos that are drawn: those in and around the window. */
function tiles() {
  return within(screen.getByRole("main"))
    .getAllByRole("checkbox", { name: /^Select / })
    .map((box) => box.closest("li"));
}

/** How many photos the page says there are; -1 while it does not know. */
function countTold() {
  return Number(tiles()[0]?.getAttribute("aria-setsize"));
}

describe("the gallery", () => {
  test("shows photos newest first, each with its caption as its alternative text", async () => {
    const first = anImage({ caption: "a cat on a sofa" });
    const second = anImage({ caption: "a dog on the beach" });
    new FakeGallery([second, first]);

    openPage();

    const pictures = await screen.findAllByRole("img", { name: /^a / });
    expect(pictures.map((picture) => picture.getAttribute("alt"))).toEqual([
      "a dog on the beach",
      "a cat on a sofa",
    ]);
    expect(pictures[0]).toHaveAttribute("src", second.thumb_url);
    expect(screen.getByText("a dog on the beach")).toBeVisible();
    expect(screen.getByRole("link", { name: "a dog on the beach" })).toHaveAttribute(
      "href",
      `?photo=${second.id}`,
    );
    expect(tiles().map((tile) => tile?.getAttribute("aria-posinset"))).toEqual(["1", "2"]);
    expect(countTold()).toBe(2);
  });

  test("has a heading for each day", async () => {
    const on = (day: string) => ({ created_at: `${day}T12:00:00.000000Z` });
    new FakeGallery([anImage(on("2024-03-05")), anImage(on("2024-03-05")), anImage(on("2023-12-31"))]);
    openPage();
    await screen.findAllByRole("listitem");
    const days = screen.getAllByRole("heading", { level: 3 });
    expect(days.map((day) => day.textContent)).toEqual(["5 March 2024", "31 December 2023"]);
    expect(within(screen.getByRole("region", { name: "5 March 2024" })).getAllByRole("img")).toHaveLength(2);
  });

  test("keeps a place in the picture's shape, blurred until the thumbnail is there", async () => {
    new FakeGallery([anImage({ width: 3000, height: 2000 })]);

    openPage();

    const picture = await screen.findByRole("img", { name: /photo number/ });
    const place = picture.parentElement;
    const [width, height] = [picture.closest("li"), place].map((element, i) =>
      parseFloat((i === 0 ? element?.style.width : element?.style.height) ?? ""),
    );
    expect((width ?? 0) / (height ?? 1)).toBeCloseTo(1.5, 2);
    expect(place?.querySelector("img[alt='']")).toHaveAttribute(
      "src",
      expect.stringMatching(/^data:image\/png/),
    );
  });

  test("turns a pending photo into a captioned one by itself", async () => {
    const pending = aPendingImage({ filename: "IMG_7.jpg" });
    const gallery = new FakeGallery([pending]);
    openPage();
    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(screen.getByText("IMG_7.jpg")).toBeVisible();
    const card = screen.getByText("IMG_7.jpg").closest("li");

    gallery.finish(pending.id, "two people on a bench");

    expect(await screen.findByRole("img", { name: "two people on a bench" })).toBeVisible();
    expect(screen.queryByText("Captioning…")).not.toBeInTheDocument();
    expect(screen.getByText("two people on a bench").closest("li")).toBe(card);
  });

  test("says why a photo failed, and tries again on request", async () => {
    const gallery = new FakeGallery([
      anImage({
        id: "broken",
        status: "failed",
        filename: "broken.png",
        caption: null,
        labels: [],
        error: { code: "damaged", message: "The file is damaged." },
      }),
    ]);

    const user = openPage();

    expect(await screen.findByText("The file is damaged.")).toBeVisible();
    expect(screen.getByText("broken.png")).toBeVisible();
    expect(screen.getByRole("link", { name: "broken.png, The file is damaged." })).toBeVisible();

    await user.click(screen.getByRole("button", { name: "Try again: broken.png" }));

    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(gallery.requests).toContain("POST /api/images/broken/retry");
  });

  test("shows photos of others as they come, and lets go of those deleted elsewhere", async () => {
    const old = anImage({ caption: "the old one" });
    const gallery = new FakeGallery([old]);
    openPage();
    const oldCard = (await screen.findByText("the old one")).closest("li");

    gallery.add(anImage({ caption: "a newcomer" }));

    expect(await screen.findByText("a newcomer")).toBeVisible();
    expect(screen.getByText("the old one").closest("li")).toBe(oldCard);
    expect(tiles()[1]).toBe(oldCard);

    gallery.remove(old.id);

    await waitFor(() => {
      expect(screen.queryByText("the old one")).not.toBeInTheDocument();
    });
    expect(screen.getByText("a newcomer")).toBeVisible();
  });

  test("invites to begin when there are no photos", async () => {
    const gallery = new FakeGallery();
    openPage();
    expect(screen.getByText("Loading photos…")).toBeInTheDocument();

    expect(await screen.findByText(/No photos yet/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Choose photos" })).toBeVisible();
    expect(screen.getByText(/S3 client/)).toBeVisible();

    gallery.add(anImage({ caption: "the very first" }));

    expect(await screen.findByText("the very first")).toBeVisible();
    expect(screen.queryByText(/No photos yet/)).not.toBeInTheDocument();
  });

  test("loads older photos on request and near the end of the page, and draws those in view", async () => {
    const gallery = new FakeGallery(manyImages(220));
    const user = openPage();
    await screen.findByRole("button", { name: "Show more" });
    expect(countTold()).toBe(-1);
    expect(tiles().length).toBeLessThan(50);

    await user.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(() => {
      expect(gallery.requests).toContain("GET /api/images?limit=100&cursor=50");
    });
    await waitFor(() => {
      act(scrollToEnd);
      expect(screen.queryByRole("button", { name: /Show more|Loading/ })).not.toBeInTheDocument();
    });

    expect(countTold()).toBe(220);
    expect(tiles().length).toBeLessThan(50);
    expect(gallery.requests.filter((request) => request.includes("cursor"))).toHaveLength(2);
  });

  test("offers another attempt when older photos did not come", async () => {
    const gallery = new FakeGallery(manyImages(60));
    const user = openPage({ busyMs: 60_000, idleMs: 60_000 });
    const more = await screen.findByRole("button", { name: "Show more" });
    gallery.isDown = true;

    await user.click(more);

    expect(await screen.findByText(/Older photos did not come/)).toBeVisible();

    gallery.isDown = false;
    await user.click(screen.getByRole("button", { name: "Try again" }));

    await waitFor(() => {
      expect(countTold()).toBe(60);
    });
  });

  test("starts over when the gallery was built anew and does not know the cursor", async () => {
    const gallery = new FakeGallery(manyImages(60));
    const user = openPage({ busyMs: 60_000, idleMs: 60_000 });
    const more = await screen.findByRole("button", { name: "Show more" });
    gallery.knowsCursors = false;
    gallery.images = [anImage({ caption: "all that is left" })];

    await user.click(more);

    expect(await screen.findByText("all that is left")).toBeVisible();
    expect(tiles()).toHaveLength(1);
  });

  test("follows a pending photo that is further down than the newest page", async () => {
    const pending = aPendingImage({ filename: "deep.jpg" });
    const gallery = new FakeGallery([...manyImages(59), pending]);
    const user = openPage();
    await user.click(await screen.findByRole("button", { name: "Show more" }));
    await waitFor(() => {
      expect(countTold()).toBe(60);
    });

    gallery.finish(pending.id, "found in the depths");

    await waitFor(() => {
      expect(gallery.requests).toContain(`GET /api/images?ids=${pending.id}`);
    });
    act(() => screen.getAllByRole("link", { name: /photo number/ })[0]?.focus());
    await user.keyboard("{End}");
    expect(await screen.findByRole("link", { name: "found in the depths" })).toHaveFocus();
  });

  test("asks every 5 seconds, every 2 while a photo is pending, and never in a hidden tab", async () => {
    vi.useFakeTimers();
    const pending = aPendingImage();
    const gallery = new FakeGallery([pending]);
    const listings = async (ms: number) => {
      gallery.requests = [];
      await act(() => vi.advanceTimersByTimeAsync(ms));
      return gallery.requests.filter((request) => request === "GET /api/images?limit=50").length;
    };

    openPage(PACE);
    await listings(1000);
    expect(await listings(20_000)).toBe(10);

    gallery.finish(pending.id, "done");
    await listings(5000);
    expect(await listings(20_000)).toBe(4);

    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    expect(await listings(20_000)).toBe(0);
  });
});
