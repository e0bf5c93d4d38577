import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

async function openWithTwo() {
  const gallery = new FakeGallery([
    anImage({ caption: "a dog", filename: "dog.jpg" }),
    anImage({ caption: "a cat", filename: "cat.jpg" }),
  ]);
  const user = openPage();
  await user.click(await screen.findByRole("button", { name: "Delete a dog" }));
  const dialog = await screen.findByRole("dialog", { name: "Delete “dog.jpg”?" });
  return { gallery, user, dialog };
}

describe("deleting", () => {
  test("removes a photo after the question, and moves on to its neighbour", async () => {
    const { gallery, user, dialog } = await openWithTwo();

    await user.click(within(dialog).getByRole("button", { name: "Delete" }));

    await waitFor(() => {
      expect(screen.queryByText("a dog")).not.toBeInTheDocument();
    });
    expect(screen.getByRole("button", { name: "Delete a cat" })).toHaveFocus();
    await waitFor(() => {
      expect(gallery.images.map((image) => image.filename)).toEqual(["cat.jpg"]);
    });
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  test("keeps the photo when the question is answered with no", async () => {
    const { gallery, user, dialog } = await openWithTwo();

    await user.click(within(dialog).getByRole("button", { name: "Keep it" }));

    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(screen.getByText("a dog")).toBeVisible();
    expect(gallery.requests.some((request) => request.startsWith("DELETE"))).toBe(false);
  });

  test("brings the photo back, with the reason, when the gallery could not delete it", async () => {
    const { gallery, user, dialog } = await openWithTwo();
    gallery.latencyMs = 100;
    gallery.refusal = { status: 503, detail: "A service did not answer; try again." };

    await user.click(within(dialog).getByRole("button", { name: "Delete" }));

    expect(screen.queryByText("a dog")).not.toBeInTheDocument();
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "“dog.jpg” was not deleted. A service did not answer; try again.",
    );
    expect(screen.getByText("a dog")).toBeVisible();

    await user.click(screen.getByRole("button", { name: "Dismiss message" }));

    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});
