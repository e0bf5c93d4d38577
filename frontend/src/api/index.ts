/** The gallery's REST API, as the page uses it. */

export * from "./photos";
export { ApiError } from "./request";
export * from "./types";
export * from "./uploads";
