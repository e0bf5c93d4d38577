import { act } from "@testing-library/react";

/** What the browser's Back does. */
export async function goBack(): Promise<void> {
  await act(async () => {
    const moved = new Promise((resolve) => {
      window.addEventListener("popstate", resolve, { once: true });
    });
    window.history.back();
    await moved;
  });
}
