import { describe, expect, test, vi } from "vitest";
import { EVERYTHING } from "../src/address/address";
import { ApiError, deleteImages, getStatus, listImages } from "../src/api";

function answerWith(response: Response | Error) {
  const fetch = vi.fn(() =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function problemOf(request: Promise<unknown>) {
  const error: unknown = await request.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  return (error as ApiError).problem;
}

describe("a request that fails", () => {
  test("carries the gallery's problem details", async () => {
    const problem = {
      type: "/problems/bad-cursor",
      title: "Bad cursor",
      status: 400,
      detail: "Leave it out.",
    };
    answerWith(Response.json(problem, { status: 400 }));
    expect(await problemOf(listImages(EVERYTHING, 50, "x"))).toEqual(problem);
  });

  test("has words of its own where a proxy answers", async () => {
    answerWith(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    const { status, detail } = await problemOf(deleteImages(["a"]));
    expect(status).toBe(502);
    expect(detail).toContain("502");
  });

  test("says that nobody answers", async () => {
    answerWith(new TypeError("Failed to fetch"));
    expect(await problemOf(getStatus())).toMatchObject({
      status: 0,
      detail: "The gallery does not answer. Check the connection.",
    });
  });

  test("says that something else answers", async () => {
    answerWith(new Response("<!doctype html>"));
    expect((await problemOf(getStatus())).detail).toMatch(/Something else/);
  });
});

test("listImages passes the cursor on, escaped", async () => {
  const fetch = answerWith(Response.json({ items: [], next: null }));
  await listImages(EVERYTHING, 100, "a+b/c");
  expect(fetch).toHaveBeenCalledWith("/api/images?limit=100&cursor=a%2Bb%2Fc", expect.anything());
});

test("listImages asks for what is searched", async () => {
  const fetch = answerWith(Response.json({ items: [], next: null }));
  await listImages({ q: "a dog", label: "tub & co", status: "ready" }, 50, null);
  expect(fetch).toHaveBeenCalledWith(
    "/api/images?limit=50&q=a+dog&label=tub+%26+co&status=ready",
    expect.anything(),
  );
});

test("deleteImages names at most 100 ids at once", async () => {
  const sent: RequestInit[] = [];
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    sent.push(init);
    return Promise.resolve(Response.json({}));
  });
  await deleteImages(
    Array.from({ length: 150 }, (_, i) => String(i)),
    true,
  );
  const counts = sent.map((init) => (JSON.parse(init.body as string) as { ids: string[] }).ids.length);
  expect(counts).toEqual([100, 50]);
  expect(sent.every((init) => init.keepalive)).toBe(true);
});
