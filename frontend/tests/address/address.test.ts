import { expect, test } from "vitest";
import { EVERYTHING, isEverything, readAddress, writeAddress } from "../../src/address/address";

test.each([
  ["", { search: EVERYTHING, photo: null }],
  ["?q=a+dog&photo=abc", { search: { ...EVERYTHING, q: "a dog" }, photo: "abc" }],
  [
    "?label=tub+%26+co&status=failed",
    { search: { q: "", label: "tub & co", status: "failed" as const }, photo: null },
  ],
])("an address is read and written: %s", (query, address) => {
  expect(readAddress(query)).toEqual(address);
  expect(writeAddress(address)).toBe(query);
});

test("what makes no sense in an address is left out", () => {
  expect(isEverything(readAddress("?status=wild&q=++&utm=1").search)).toBe(true);
});
