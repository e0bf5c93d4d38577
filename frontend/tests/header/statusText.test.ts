import { expect, test } from "vitest";
import type { Status } from "../../src/api";
import { isStarter, modelNote, statusParts, waitingIn } from "../../src/header/statusText";

function aStatus(fields: Partial<Status> = {}): Status {
  return {
    counts: { pending: 0, ready: 1, failed: 0 },
    queue: { waiting: 0, dead_letters: 0 },
    feedback: { right: 0, wrong: 0 },
    model: { name: "imagenet", version: "1" },
    upgrade: null,
    version: "0.1.0",
    ...fields,
  };
}

test.each([
  ["one photo", aStatus(), ["1 photo", "captions by imagenet"]],
  [
    "a busy gallery",
    aStatus({ counts: { pending: 3, ready: 1200, failed: 2 } }),
    ["1,205 photos", "3 waiting", "2 failed", "captions by imagenet"],
  ],
  [
    "a gallery before its first photo",
    aStatus({ counts: { pending: 0, ready: 0, failed: 0 }, model: null }),
    ["0 photos"],
  ],
  ["the starter model", aStatus({ model: { name: "starter", version: "1" } }), ["1 photo"]],
])("statusParts of %s", (_, status, parts) => {
  expect(statusParts(status)).toEqual(parts);
});

test.each([
  ["the full model", aStatus(), ""],
  [
    "the starter model",
    aStatus({ model: { name: "starter", version: "1" } }),
    "Captions come from the small starter model.",
  ],
  [
    "a model that could not be fetched",
    aStatus({
      model: { name: "starter", version: "1" },
      upgrade: { model: "imagenet", state: "failed", reason: "the host was silent for 5 seconds" },
    }),
    "The full model can’t take over: the host was silent for 5 seconds; still the starter.",
  ],
  [
    "a full model that could not go through all photos",
    aStatus({ upgrade: { model: "imagenet", state: "done", reason: "The queue does not answer." } }),
    "Now captioned by the full model. Earlier captions were not all made anew: The queue does not answer.",
  ],
])("modelNote of %s", (_, status, note) => {
  expect(modelNote(status)).toBe(note);
});

test("isStarter knows the starter model", () => {
  expect(isStarter(aStatus())).toBe(false);
  expect(isStarter(aStatus({ model: { name: "starter", version: "1" } }))).toBe(true);
  expect(isStarter(aStatus({ model: null }))).toBe(false);
});

test("waitingIn counts files in the queue that have no record yet", () => {
  const status = aStatus({ queue: { waiting: 40, dead_letters: 0 } });
  expect(waitingIn(status)).toBe(40);
});
