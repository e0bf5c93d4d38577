import type { ActivityStep } from "../src/api";

/** A minute in which nothing was done, but for `fields`. */
export function aStep(fields: Partial<ActivityStep> = {}): ActivityStep {
  return {
    at: "2026-03-01T12:00:00Z",
    ready: 0,
    failed: 0,
    gave_up: 0,
    put_off: 0,
    removed: 0,
    unchanged: 0,
    ms: {},
    wait_seconds: null,
    ...fields,
  };
}
