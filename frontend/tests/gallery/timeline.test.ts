import { describe, expect, test } from "vitest";
import type { Image, Page } from "../../src/api";
import {
  awaitedBeyond,
  EMPTY_TIMELINE,
  imagesOf,
  matching,
  reaches,
  refreshed,
  type Timeline,
  withArrival,
  withChanged,
  without,
  withOlder,
} from "../../src/gallery/timeline";
import { anImage, aPendingImage } from "../anImage";

const [oldest, older, old, newer, newest] = [anImage(), anImage(), anImage(), anImage(), anImage()] as const;

function timeline(listed: Image[], next: string | null = null, arrivals: Image[] = []): Timeline {
  return { listed, next, arrivals };
}

function refresh(before: Timeline, head: Page, now = before) {
  return refreshed(before, now, { head, asked: [], answered: [] });
}

describe("refreshed", () => {
  test("takes the first page as it is", () => {
    const head = { items: [newest, newer], next: "2" };
    expect(refresh(EMPTY_TIMELINE, head)).toEqual(timeline([newest, newer], "2"));
  });

  test("puts new photos before those it knows, and keeps the cursor of the last", () => {
    const before = timeline([old, older, oldest], "after oldest");
    const after = refresh(before, { items: [newest, newer, old], next: "after old" });
    expect(after).toEqual(timeline([newest, newer, old, older, oldest], "after oldest"));
  });

  test("keeps the object of a photo that did not change", () => {
    const after = refresh(timeline([old]), { items: [newest, { ...old }], next: null });
    expect(after.listed[1]).toBe(old);
  });

  test("drops photos that the newest page should show but doesn't", () => {
    const before = timeline([newest, newer, old, older], "x");
    const after = refresh(before, { items: [newest, old], next: "y" });
    expect(after).toEqual(timeline([newest, old, older], "x"));
  });

  test("drops everything that a listing to the very end does not name", () => {
    const before = timeline([newest, newer, old], "x");
    expect(refresh(before, { items: [newest], next: null })).toEqual(timeline([newest], null));
  });

  test("starts over where the newest page does not meet the known photos", () => {
    const before = timeline([older, oldest], null);
    const head = { items: [newest, newer], next: "after newer" };
    expect(refresh(before, head)).toEqual(timeline([newest, newer], "after newer"));
  });

  test("does not bring back what was deleted while it was on its way", () => {
    const before = timeline([newest, newer]);
    const now = without(before, [newest.id]);
    expect(refresh(before, { items: [newest, newer], next: null }, now).listed).toEqual([newer]);
  });

  test("keeps what was sent or loaded while it was on its way", () => {
    const before = timeline([old], "after old");
    const now = withOlder(withArrival(before, newest), { items: [older], next: "after older" });
    const after = refresh(before, { items: [old], next: "after old" }, now);
    expect(after).toEqual(timeline([old, older], "after older", [newest]));
  });

  test("lets an arrival land where the gallery lists it", () => {
    const before = timeline([old], null, [newest]);
    const after = refresh(before, { items: [newest, newer, old], next: null });
    expect(after).toEqual(timeline([newest, newer, old]));
  });

  test("takes in the answers for pending photos below, and drops those without an answer", () => {
    const [lost, waiting] = [aPendingImage(), aPendingImage()];
    const head = anImage();
    const ready = { ...waiting, status: "ready" as const };
    const before = timeline([head, waiting, lost], "x");
    const after = refreshed(before, before, {
      head: { items: [head], next: "y" },
      asked: [waiting.id, lost.id],
      answered: [ready],
    });
    expect(after).toEqual(timeline([head, ready], "x"));
  });

  test("drops an arrival that the gallery knew and does not list any more", () => {
    const before = timeline([old], null, [newest]);
    expect(refresh(before, { items: [old], next: null })).toEqual(timeline([old]));
  });

  test("waits for an arrival that has not reached the gallery", () => {
    const arrival = aPendingImage();
    const before = timeline([old], null, [arrival]);
    const after = refreshed(before, before, {
      head: { items: [old], next: null },
      asked: [arrival.id],
      answered: [],
    });
    expect(after.arrivals).toEqual([arrival]);
  });
});

test("imagesOf puts arrivals in their places", () => {
  expect(imagesOf(timeline([newest, old], null, [newer]))).toEqual([newest, newer, old]);
});

test("withOlder takes each photo once", () => {
  const after = withOlder(timeline([newest, newer], "2", [older]), {
    items: [newer, old, older],
    next: null,
  });
  expect(after).toEqual(timeline([newest, newer, old, older]));
});

test("withArrival knows a photo that was listed before its upload was answered", () => {
  const before = timeline([newest]);
  expect(withArrival(before, { ...newest })).toBe(before);
});

test("awaitedBeyond names pending photos that the page lacks", () => {
  const [above, below] = [aPendingImage(), aPendingImage()];
  const known = timeline([above, old, below], "x");
  expect(awaitedBeyond(known, { items: [above], next: "y" }, null)).toEqual([below.id]);
});

describe("reaches", () => {
  const cases: [string, Page, Image[], boolean][] = [
    ["nothing is known", { items: [newest], next: "1" }, [], true],
    ["the page shows a known photo", { items: [newest, newer], next: "2" }, [newer], true],
    [
      "the known photo is gone, but the page goes further",
      { items: [newest, old], next: "2" },
      [newer],
      true,
    ],
    ["it is the whole gallery", { items: [newest], next: null }, [older], true],
    ["it ends above", { items: [newest, newer], next: "2" }, [old], false],
  ];
  test.each(cases)("when %s", (_, head, listed, expected) => {
    expect(reaches(head, timeline(listed))).toBe(expected);
  });
});

test("withChanged puts a photo in the place of what it was", () => {
  const changed = { ...newer, caption: "another" };
  const before = timeline([newest, newer], "2", [old]);
  expect(withChanged(before, changed)).toEqual(timeline([newest, changed], "2", [old]));
});

test("matching drops photos whose status has changed", () => {
  const before = timeline([newest, aPendingImage()]);
  const search = { q: "", label: null, status: "ready" as const };
  expect(matching(before, search).listed).toEqual([newest]);
  expect(matching(before, { ...search, status: null })).toBe(before);
});
