/** Signing in and out. The session itself is in a cookie that scripts can't read. */

import { getJson, send, sendJson } from "./request";
import type { Session } from "./types";

export async function getSession(signal?: AbortSignal): Promise<Session> {
  return (await getJson("/api/session", signal)) as Session;
}

/** Sign in with the gallery's access token. */
export async function startSession(token: string): Promise<void> {
  await sendJson("POST", "/api/session", { token });
}

export async function endSession(): Promise<void> {
  await send("DELETE", "/api/session");
}
