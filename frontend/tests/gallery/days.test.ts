import { expect, test } from "vitest";
import { byDay, dayTitle } from "../../src/gallery/days";
import { anImage } from "../anImage";

test("byDay parts photos at midnight of this device", () => {
  const at = (hour: number, minute: number) =>
    anImage({ created_at: new Date(2025, 5, 2, hour, minute).toISOString().replace("Z", "000Z") });
  const [late, early, before] = [at(23, 59), at(0, 0), at(0, -1)];
  expect(byDay([late, early, before])).toEqual([
    { date: "2025-06-02", images: [late, early] },
    { date: "2025-06-01", images: [before] },
  ]);
});

test.each([
  ["2025-06-02", "Today"],
  ["2025-06-01", "Yesterday"],
  ["2025-01-05", "Sunday 5 January"],
  ["2024-12-31", "31 December 2024"],
])("dayTitle of %s", (date, title) => {
  expect(dayTitle(date, new Date(2025, 5, 2, 15))).toBe(title);
});
