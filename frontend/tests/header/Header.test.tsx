import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
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
  expect(await screen.findByText("Captions come from the small starter model.")).toBeVisible();
});
