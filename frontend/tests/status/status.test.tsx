import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { anImage } from "../anImage";
import { aStep } from "../aStep";
import { FakeGallery } from "../FakeGallery";
import { goBack } from "../goBack";
import { openPage } from "../openPage";
// Loaded before it is asked for, so that opening it takes no longer in the first test.
import "../../src/status/StatusPage";

const aFailure = (code: string) =>
  anImage({ status: "failed", caption: null, error: { code, message: "It can’t be read." } });

beforeEach(() => {
  window.history.replaceState(null, "", "/");
  return () => {
    window.history.replaceState(null, "", "/");
  };
});

test("tells what waits, what was done and how long it took", async () => {
  const gallery = new FakeGallery([anImage(), anImage()]);
  gallery.queue = { waiting: 7, dead_letters: 1 };
  gallery.activity = [
    aStep(),
    aStep({
      at: "2026-03-01T12:01:00Z",
      ready: 40,
      failed: 2,
      ms: { decode: 90, network: 10 },
      wait_seconds: 2.4,
    }),
  ];
  window.history.replaceState(null, "", "/status");
  const user = openPage();
  expect(await screen.findByRole("heading", { name: "Status" })).toBeVisible();
  expect(document.title).toBe("Status – Captionary");
  const figure = (name: string) => screen.getByText(name, { selector: "dt" }).nextSibling;
  await waitFor(() => {
    expect(figure("Photos a minute")).toHaveTextContent("32");
  });
  expect(figure("Captioned")).toHaveTextContent("2");
  expect(figure("In the queue")).toHaveTextContent("7");
  expect(figure("Dead letters")).toHaveTextContent("1");
  expect(figure("Last wait")).toHaveTextContent("2.4 s");
  expect(
    screen.getByRole("img", {
      name: "Photos over time. 42 in all, 2 of them failed; at most 42 in a minute.",
    }),
  ).toBeVisible();
  const stages = within(screen.getByRole("region", { name: "Time for a photo" })).getAllByRole("row");
  expect(stages.map((row) => row.textContent)).toEqual([
    "StageOn averageOver time",
    "decode90 ms",
    "network10 ms",
    "all100 ms",
  ]);
  await user.click(screen.getByText("The figures"));
  const figures = screen.getByRole("region", { name: "Figures over time" });
  expect(within(figures).getAllByRole("row")).toHaveLength(2);
  expect(within(figures).getByRole("row", { name: /40 2 0 0 2\.4 s$/ })).toBeVisible();
});

test("goes on telling, and about a longer time when asked to", async () => {
  const gallery = new FakeGallery([anImage()]);
  window.history.replaceState(null, "", "/status");
  const user = openPage();
  expect(await screen.findAllByText("No photo was captioned in this time.")).toHaveLength(2);
  gallery.activity = [aStep({ ready: 3 })];
  expect(await screen.findByText("3 in all, 0 of them failed; at most 3 in a minute.")).toBeVisible();
  await user.selectOptions(screen.getByLabelText("What was done in"), "the last day");
  expect(await screen.findByText("3 in all, 0 of them failed; at most 3 in 10 minutes.")).toBeVisible();
  expect(gallery.requests).toContain("GET /api/activity?minutes=1440");
  expect(gallery.requests.filter((request) => request.startsWith("GET /api/images"))).toEqual([]);
});

test("is gone to from the photos and left again", async () => {
  new FakeGallery([anImage({ caption: "a dog" }), anImage({ caption: "a cat" })]);
  const user = openPage();
  await user.click(await screen.findByRole("link", { name: "Status" }));
  expect(await screen.findByRole("heading", { name: "Status" })).toBeVisible();
  expect(window.location.pathname).toBe("/status");
  await user.click(screen.getByRole("link", { name: "Back to the photos" }));
  expect(await screen.findByRole("img", { name: "a dog" })).toBeInTheDocument();
  await goBack();
  expect(await screen.findByRole("heading", { name: "Status" })).toBeVisible();
  await user.type(screen.getByRole("combobox", { name: "Search photos" }), "cat");
  expect(await screen.findByRole("img", { name: "a cat" })).toBeInTheDocument();
  expect(window.location.pathname + window.location.search).toBe("/?q=cat");
  await goBack();
  expect(await screen.findByRole("heading", { name: "Status" })).toBeVisible();
});

test("says why photos failed, shows them and has them tried again", async () => {
  const failures = [aFailure("damaged"), ...Array.from({ length: 130 }, () => aFailure("too_large"))];
  const gallery = new FakeGallery([anImage(), ...failures]);
  window.history.replaceState(null, "", "/status");
  const user = openPage();
  const card = await screen.findByRole("region", { name: "Photos that failed" });
  await waitFor(() => {
    expect(
      within(card)
        .getAllByRole("listitem")
        .map((item) => item.textContent),
    ).toEqual(["The file is too large99", "Damaged or incomplete1"]);
  });
  expect(within(card).getByText("Of the newest 100.")).toBeVisible();
  expect(within(card).getByRole("link", { name: "Show 131 photos" })).toHaveAttribute(
    "href",
    "/?status=failed",
  );
  await user.click(within(card).getByRole("button", { name: "Try all again" }));
  expect(await within(card).findByText(/^131 photos queued/)).toBeVisible();
  expect(gallery.requests.filter((request) => request.endsWith("/retry"))).toHaveLength(131);
  expect(await within(card).findByText("None.")).toBeVisible();
});

test("says what is in the way of trying again", async () => {
  const gallery = new FakeGallery([aFailure("new_code")]);
  gallery.refusal = { status: 503, detail: "The queue takes nothing." };
  window.history.replaceState(null, "", "/status");
  const user = openPage();
  expect(await screen.findByText("new_code")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Try all again" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The queue takes nothing.");
  gallery.refusal = null;
  await user.click(screen.getByRole("link", { name: "Show 1 photo" }));
  expect(window.location.search).toBe("?status=failed");
});

test("tells of the model, and why a better one can't take over", async () => {
  const gallery = new FakeGallery([anImage({ feedback: { right: 3, wrong: 1 } })]);
  gallery.model = {
    name: "starter",
    version: "f520",
    classes: 200,
    scores: { pictures: 2000, top1: 0.475, top5: 0.728 },
    caption_scores: { pictures: 1000, bleu4: 19.08, sacrebleu: 19.08 },
  };
  gallery.upgrade = { model: "imagenet", state: "failed", reason: "the host was silent" };
  window.history.replaceState(null, "", "/status");
  openPage();
  const card = await screen.findByRole("region", { name: "Captions by the starter model" });
  expect(card).toHaveTextContent("Kinds of things200");
  expect(card).toHaveTextContent("Right at once47.5%");
  expect(card).toHaveTextContent("Sentences, BLEU-419.08");
  expect(card).not.toHaveTextContent("sacrebleu");
  expect(card).toHaveTextContent("3 right, 1 wrong");
  expect(card).toHaveTextContent("can’t take over: the host was silent");
});

test("says so where the gallery does not answer", async () => {
  new FakeGallery([]).isDown = true;
  window.history.replaceState(null, "", "/status");
  openPage();
  expect(await screen.findByText("Asking the gallery …")).toBeVisible();
  expect(await screen.findByRole("alert")).toHaveTextContent("What was done lately is not known");
});
