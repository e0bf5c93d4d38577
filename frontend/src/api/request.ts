/** Requests with answers in JSON, and what goes wrong with them. */

import type { Problem } from "./types";

/** A request that came to nothing, and why. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.name = "ApiError";
    this.problem = problem;
  }
}

const ANSWER_WITHIN_MS = 20_000;

const unauthorizedListeners = new Set<() => void>();

/** Be told of each request that is refused because nobody is signed in; returns how to be told no longer. */
export function onUnauthorized(listener: () => void): () => void {
  unauthorizedListeners.add(listener);
  return () => {
    unauthorizedListeners.delete(listener);
  };
}

export async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await request(path, signal ? { signal } : {});
  return parse(await response.text());
}

export async function sendJson(
  method: "POST" | "PATCH",
  path: string,
  content: unknown,
  init: RequestInit = {},
): Promise<unknown> {
  const response = await request(path, {
    ...init,
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });
  const text = await response.text();
  return text === "" && response.status === 204 ? null : parse(text);
}

/** A request without a body, whose answer has none. */
export async function send(method: "DELETE", path: string): Promise<void> {
  await request(path, { method });
}

export function noAnswer(detail: string, cause?: unknown): ApiError {
  return new ApiError({ type: "about:blank", title: "No answer", status: 0, detail }, { cause });
}

/** What to throw for an answer that is an error. */
export function refusal(status: number, text: string): ApiError {
  if (status === 401) for (const listener of unauthorizedListeners) listener();
  return new ApiError(problemFrom(status, text));
}

/** The problem in an answer's body, or a plain one where something in between answered. */
function problemFrom(status: number, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Partial<Problem> | null;
    if (typeof problem?.detail === "string") {
      return { type: "about:blank", title: "Error", ...problem, status, detail: problem.detail };
    }
  } catch {
    // Not JSON: a proxy's own page.
  }
  return {
    type: "about:blank",
    title: "Error",
    status,
    detail: `The gallery answered with an error (${status}). Try again in a moment.`,
  };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw noAnswer("Something else than the gallery answered. Check the address.", cause);
  }
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw noAnswer("The gallery does not answer. Check the connection.", cause);
  }
  if (!response.ok) throw refusal(response.status, await response.text());
  return response;
}
