import { expect, test } from "vitest";
import {
  durationText,
  lastWait,
  millisecondsText,
  photosText,
  stageMeans,
} from "../../src/status/activityText";
import { aStep } from "../aStep";

test("stages are averaged over the photos that went through them", () => {
  const steps = [
    aStep({ ready: 30, ms: { fetch: 2, decode: 60, record: 8 } }),
    aStep({ ready: 9, failed: 1, ms: { fetch: 4, decode: 100 } }),
    aStep({ put_off: 3 }),
  ];
  expect(stageMeans(steps)).toEqual([
    ["fetch", 2.5],
    ["decode", 70],
    ["record", 8],
  ]);
  expect(stageMeans([])).toEqual([]);
});

test("the last wait is that of the last step in which photos came", () => {
  expect(lastWait([aStep({ wait_seconds: 3 }), aStep({ wait_seconds: 0.2 }), aStep()])).toBe(0.2);
  expect(lastWait([aStep()])).toBeNull();
});

test.each([
  [[], 1, "No photo was captioned in this time."],
  [[aStep({ removed: 2 })], 1, "No photo was captioned in this time."],
  [
    [aStep({ ready: 1200 }), aStep({ ready: 3, failed: 1, gave_up: 1 })],
    1,
    "1,205 in all, 2 of them failed; at most 1,200 in a minute.",
  ],
  [[aStep({ ready: 4 })], 15, "4 in all, 0 of them failed; at most 4 in 15 minutes."],
])("the graph of photos in a sentence %#", (steps, minutes, text) => {
  expect(photosText(steps, minutes)).toBe(text);
});

test.each([
  [0.04, "0.0 s"],
  [3.25, "3.3 s"],
  [95, "95 s"],
  [600, "10 min"],
  [10_000, "3 h"],
])("a duration of %d s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test("milliseconds have a decimal where that says something", () => {
  expect([4.06, 104.4, 1074].map(millisecondsText)).toEqual(["4.1 ms", "104 ms", "1,074 ms"]);
});
