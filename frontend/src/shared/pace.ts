/** How often the page asks for news. */
export interface Pace {
  /** Milliseconds between two requests while something is pending or uploading. */
  busyMs: number;
  /** Milliseconds between two requests otherwise. */
  idleMs: number;
}

export const PACE: Pace = { busyMs: 2000, idleMs: 5000 };
