import { describe, expect, test, vi } from "vitest";
import { ApiError, deleteImage, getStatus, listImages } from "../src/api";

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
    expect(await problemOf(listImages(50, "x"))).toEqual(problem);
  });

  test("has words of its own where a proxy answers", async () => {
    answerWith(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    const { status, detail } = await problemOf(deleteImage("a"));
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
  await listImages(100, "a+b/c");
  expect(fetch).toHaveBeenCalledWith("/api/images?limit=100&cursor=a%2Bb%2Fc", expect.anything());
});
