import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";

/** What jsdom lacks, and a console that must stay silent: warnings are errors. */

const PAGE_WIDTH = 1000;
const digest = crypto.subtle.digest.bind(crypto.subtle);
// The first test that opens a photo waits for what is loaded only then.
configure({ asyncUtilTimeout: 5000 });
let complaints: unknown[][] = [];

class FakeResizeObserver {
  observe = vi.fn();
  disconnect = vi.fn();
}

/** Never reports by itself; tests scroll with `scrollToEnd`. */
class FakeIntersectionObserver {
  static all = new Set<FakeIntersectionObserver>();
  readonly callback: (entries: { isIntersecting: boolean }[]) => void;

  constructor(callback: FakeIntersectionObserver["callback"]) {
    this.callback = callback;
  }

  observe() {
    FakeIntersectionObserver.all.add(this);
  }

  disconnect() {
    FakeIntersectionObserver.all.delete(this);
  }
}

/** Bring what is observed into view. */
export function scrollToEnd(): void {
  for (const observer of FakeIntersectionObserver.all) observer.callback([{ isIntersecting: true }]);
}

beforeEach(() => {
  complaints = [];
  for (const level of ["error", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => complaints.push(args));
  }
  // Node's own does not know the buffers of jsdom.
  vi.spyOn(crypto.subtle, "digest").mockImplementation((algorithm, data) =>
    digest(algorithm, Uint8Array.from(new Uint8Array(data as ArrayBuffer))),
  );
  vi.stubGlobal("ResizeObserver", FakeResizeObserver);
  vi.stubGlobal("IntersectionObserver", FakeIntersectionObserver);
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(
    new DOMRect(0, 0, PAGE_WIDTH, 600),
  );
  vi.stubGlobal("scrollTo", vi.fn());
  vi.stubGlobal("scrollBy", vi.fn());
  vi.stubGlobal("isSecureContext", true);
  window.history.replaceState(null, "", "/");
  HTMLElement.prototype.scrollIntoView = vi.fn();
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.setAttribute("open", "");
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement, returnValue?: string) {
    this.removeAttribute("open");
    if (returnValue !== undefined) this.returnValue = returnValue;
    this.dispatchEvent(new Event("close"));
  };
});

afterEach(() => {
  cleanup();
  FakeIntersectionObserver.all.clear();
  vi.useRealTimers();
  expect(complaints).toEqual([]);
});
