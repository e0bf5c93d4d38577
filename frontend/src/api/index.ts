/** The gallery's REST API, as the page uses it. */

export * from "./photos";
export { ApiError, onUnauthorized } from "./request";
export * from "./session";
export * from "./types";
export * from "./uploads";
