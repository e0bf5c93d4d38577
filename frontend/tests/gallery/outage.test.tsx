import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

describe("when the gallery does not answer", () => {
  test("says so, and goes on by itself once it is back", async () => {
    const gallery = new FakeGallery([anImage({ caption: "a dog" })]);
    gallery.isDown = true;
    openPage();
    expect(await screen.findByRole("alert")).toHaveTextContent("The gallery does not answer.");

    gallery.isDown = false;

    expect(await screen.findByText("a dog")).toBeVisible();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("keeps showing what it has, with a bar on top", async () => {
    const gallery = new FakeGallery([anImage({ caption: "a dog" })]);
    openPage();
    await screen.findByText("a dog");

    gallery.isDown = true;

    expect(await screen.findByRole("alert")).toHaveTextContent("The gallery does not answer.");
    expect(screen.getByText("a dog")).toBeVisible();

    gallery.isDown = false;

    await waitFor(() => {
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    });
    expect(screen.getByText("a dog")).toBeVisible();
  });

  test("goes on asking without a network, since the gallery may be on this machine", async () => {
    const gallery = new FakeGallery([anImage({ caption: "a dog" })]);
    openPage();
    await screen.findByText("a dog");
    fireEvent(window, new Event("offline"));

    gallery.add(anImage({ caption: "a newcomer" }));

    expect(await screen.findByText("a newcomer")).toBeVisible();
    fireEvent(window, new Event("online"));
  });
});
