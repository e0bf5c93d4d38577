import { act, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

async function openWith(count: number) {
  const images = Array.from({ length: count }, (_, i) =>
    anImage({ caption: `photo ${count - i}` }),
  ).reverse();
  const gallery = new FakeGallery(images);
  const user = openPage();
  await screen.findByRole("link", { name: "photo 1" });
  const link = (number: number) => screen.getByRole("link", { name: `photo ${number}` });
  const selected = () =>
    screen
      .getAllByRole("checkbox", { checked: true })
      .map((box) => box.getAttribute("aria-label")?.replace("Select ", ""));
  return { gallery, user, link, selected };
}

describe("the keyboard", () => {
  test("goes from photo to photo, of which only one is in the order of Tab", async () => {
    const { user, link } = await openWith(8);
    expect(screen.getAllByRole("link").filter((a) => a.tabIndex === 0 && a.closest("li"))).toEqual([link(1)]);

    link(1).focus();
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(link(3)).toHaveFocus();
    await user.keyboard("{ArrowLeft}");
    expect(link(2)).toHaveFocus();
    await user.keyboard("{ArrowDown}");
    expect(
      Number(
        /\d+/.exec(
          document.activeElement?.querySelector("img[alt]:last-of-type")?.getAttribute("alt") ?? "",
        )?.[0],
      ),
    ).toBeGreaterThan(3);
    await user.keyboard("{ArrowUp}");
    expect(link(2)).toHaveFocus();
    await user.keyboard("{End}");
    expect(link(8)).toHaveFocus();
    await user.keyboard("{ArrowRight}");
    expect(link(8)).toHaveFocus();
    await user.keyboard("{Home}");
    expect(link(1)).toHaveFocus();
  });

  test("opens, selects and deletes", async () => {
    const { user, link, selected } = await openWith(4);
    link(2).focus();

    await user.keyboard(" ");
    expect(selected()).toEqual(["photo 2"]);
    await user.keyboard("{ArrowRight}{ArrowRight}{Shift>} {/Shift}");
    expect(selected()).toEqual(["photo 2", "photo 3", "photo 4"]);
    expect(screen.getByRole("toolbar", { name: "Selected photos" })).toHaveTextContent("3 selected");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("toolbar")).not.toBeInTheDocument();

    link(3).focus();
    await user.keyboard("{Delete}");
    expect(screen.queryByRole("link", { name: "photo 3" })).not.toBeInTheDocument();
    expect(screen.getByText(/^1 photo deleted/, { selector: "[role=status]" })).toBeInTheDocument();

    link(1).focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("dialog", { name: "photo 1" })).toBeVisible();
  });

  test("tells what it can do", async () => {
    const { user } = await openWith(1);
    await user.keyboard("?");
    const dialog = screen.getByRole("dialog", { name: "Keyboard shortcuts" });
    expect(dialog).toHaveTextContent("undo the deletion");
    await user.click(within(dialog).getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
});

describe("selecting", () => {
  test("takes all photos between two with Shift", async () => {
    const { user, link, selected } = await openWith(5);
    await user.click(screen.getByRole("checkbox", { name: "Select photo 2" }));
    await user.keyboard("{Shift>}");
    await user.click(link(4));
    await user.keyboard("{/Shift}");
    expect(selected()).toEqual(["photo 2", "photo 3", "photo 4"]);

    await user.click(link(3));

    expect(selected()).toEqual(["photo 2", "photo 4"]);
  });

  test("begins with a finger that rests on a photo", async () => {
    const { link, selected } = await openWith(3);
    vi.useFakeTimers();
    fireEvent.pointerDown(link(2), { pointerType: "touch" });
    await act(() => vi.advanceTimersByTimeAsync(500));
    vi.useRealTimers();
    fireEvent.pointerUp(link(2), { pointerType: "touch" });
    fireEvent.click(link(2), { detail: 1 });

    expect(selected()).toEqual(["photo 2"]);
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
});
