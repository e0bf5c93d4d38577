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

function cards() {
  return within(screen.getByRole("main"))
    .getAllByRole("button", { name: /^Delete / })
    .map((button) => button.closest("li"));
}

describe("the gallery", () => {
  test("shows photos newest first, with caption, labels and scores", async () => {
    const first = anImage({ caption: "a cat on a sofa", labels: [] });
    const second = anImage({
      caption: "a dog on the beach",
      labels: [
        { name: "golden retriever", score: 0.914, source: "model" },
        { name: "seashore", score: 0.051, source: "model" },
        { name: "our Rex", score: 1, source: "person" },
        { name: "tub", score: 0.01, source: "model" },
      ],
    });
    new FakeGallery([second, first]);

    openPage();

    const pictures = await screen.findAllByRole("img", { name: /^a / });
    expect(pictures.map((picture) => picture.getAttribute("alt"))).toEqual([
      "a dog on the beach",
      "a cat on a sofa",
    ]);
    expect(pictures[0]).toHaveAttribute("src", second.thumb_url);
    expect(screen.getByText("a dog on the beach")).toBeVisible();
    const labels = screen.getAllByRole("list", { name: "Labels" });
    expect(labels).toHaveLength(1);
    expect(labels[0]).toHaveTextContent(/^golden retriever 91%seashore 5%our Rex$/);
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

  test("says why a photo failed", async () => {
    new FakeGallery([
      anImage({
        status: "failed",
        filename: "broken.png",
        caption: null,
        labels: [],
        error: { code: "damaged", message: "The file is damaged." },
      }),
    ]);

    openPage();

    expect(await screen.findByText("The file is damaged.")).toBeVisible();
    expect(screen.getByText("broken.png")).toBeVisible();
    expect(screen.getByRole("button", { name: "Delete broken.png" })).toBeVisible();
  });

  test("shows photos of others as they come, and lets go of those deleted elsewhere", async () => {
    const old = anImage({ caption: "the old one" });
    const gallery = new FakeGallery([old]);
    openPage();
    const oldCard = (await screen.findByText("the old one")).closest("li");

    gallery.add(anImage({ caption: "a newcomer" }));

    expect(await screen.findByText("a newcomer")).toBeVisible();
    expect(screen.getByText("the old one").closest("li")).toBe(oldCard);
    expect(cards()[1]).toBe(oldCard);

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

  test("loads older photos on request and near the end of the page", async () => {
    const gallery = new FakeGallery(manyImages(220));
    const user = openPage();
    await screen.findByRole("button", { name: "Show more" });
    expect(cards()).toHaveLength(50);

    await user.click(screen.getByRole("button", { name: "Show more" }));

    await waitFor(() => {
      expect(cards()).toHaveLength(150);
    });

    act(scrollToEnd);

    await waitFor(() => {
      expect(cards()).toHaveLength(220);
    });
    expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
    expect(gallery.requests.filter((request) => request.includes("cursor"))).toHaveLength(2);
    expect(new Set(cards()).size).toBe(220);
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
      expect(cards()).toHaveLength(60);
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
    expect(cards()).toHaveLength(1);
  });

  test("follows a pending photo that is further down than the newest page", async () => {
    const pending = aPendingImage({ filename: "deep.jpg" });
    const gallery = new FakeGallery([...manyImages(59), pending]);
    const user = openPage();
    await user.click(await screen.findByRole("button", { name: "Show more" }));
    expect(await screen.findByText("deep.jpg")).toBeVisible();

    gallery.finish(pending.id, "found in the depths");

    expect(await screen.findByText("found in the depths")).toBeVisible();
    expect(gallery.requests).toContain(`GET /api/images?ids=${pending.id}`);
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
