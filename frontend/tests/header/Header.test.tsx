import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { keptTheme } from "../../src/header/theme";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

test("shows counts and the model", async () => {
  new FakeGallery([aPendingImage(), anImage(), anImage()]);
  openPage();
  const status = await screen.findByRole("list", { name: "Status" });
  expect(status).toHaveTextContent("3 photos1 waitingcaptions by imagenet");
  expect(screen.queryByText(/starter model/)).not.toBeInTheDocument();
});

test("says that captions come from the starter model", async () => {
  new FakeGallery([anImage()]).model = { name: "starter", version: "1" };
  openPage();
  expect(await screen.findByText(/^Captions come from the small starter model/)).toBeVisible();
  expect(screen.getByText("scripts/run --model imagenet")).toBeVisible();
});

test("tells how the full model takes over from the starter", async () => {
  const gallery = new FakeGallery([anImage()]);
  gallery.model = { name: "starter", version: "1" };
  gallery.upgrade = { model: "imagenet", state: "preparing", reason: null };
  openPage();
  expect(
    await screen.findByText("The starter model is captioning; the full one is being prepared."),
  ).toBeVisible();
  gallery.model = { name: "imagenet", version: "1" };
  gallery.upgrade = { model: "imagenet", state: "captioning", reason: null };
  expect(await screen.findByText(/makes earlier captions anew/)).toBeVisible();
  gallery.upgrade = { model: "imagenet", state: "done", reason: null };
  expect(await screen.findByText("Now captioned by the full model.")).toBeVisible();
  expect(screen.queryByText(/starter/)).not.toBeInTheDocument();
});

test("says why the full model can't take over, and how to get it", async () => {
  const gallery = new FakeGallery([anImage()]);
  gallery.model = { name: "starter", version: "1" };
  gallery.upgrade = { model: "imagenet", state: "failed", reason: "the host was silent" };
  openPage();
  expect(await screen.findByText(/can’t take over: the host was silent; still the starter/)).toBeVisible();
  expect(screen.getByText("scripts/run --model imagenet")).toBeVisible();
});

test("keeps the colours that were chosen", async () => {
  new FakeGallery([anImage()]);
  const user = openPage();
  await user.click(screen.getByRole("button", { name: "Colours: as the device" }));
  await user.click(screen.getByRole("button", { name: "Colours: light" }));
  expect(screen.getByRole("button", { name: "Colours: dark" })).toBeVisible();
  expect(document.documentElement).toHaveAttribute("data-theme", "dark");
  expect(keptTheme()).toBe("dark");
  await user.click(screen.getByRole("button", { name: "Colours: dark" }));
});
