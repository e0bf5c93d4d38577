/** Photos on their way out, each with a while to change one's mind. Free of React. */

import type { Image } from "../api";

/** Photos that were deleted together, and that can still be brought back. */
export interface Batch {
  id: number;
  images: readonly Image[];
  /** Until they are really deleted. */
  leftMs: number;
}

export interface Deletions {
  /** The latest comes last. */
  batches: readonly Batch[];
  /** Ids of photos that are not shown any more: those of batches, and those that are being deleted. */
  leaving: ReadonlySet<string>;
  /** What could last not be deleted, and why. */
  failure: { images: readonly Image[]; error: Error } | null;
}

export interface DeletionQueue {
  remove: (images: readonly Image[]) => void;
  /** Bring back the latest batch. */
  undo: () => void;
  /** Stop the clock, and let it go on. */
  pause: () => void;
  resume: () => void;
  /** Delete the latest batch without waiting. */
  hurry: () => void;
  /** Delete all batches now, since the page is being left. */
  leave: () => void;
  retry: () => void;
  forgetFailure: () => void;
  getSnapshot: () => Deletions;
  /** Have `listener` called after each change; gives the way to stop that. */
  subscribe: (listener: () => void) => () => void;
}

export interface DeletionQueueOptions {
  send: (ids: string[], isLeaving: boolean) => Promise<void>;
  onDeleted: (ids: string[]) => void;
  graceMs?: number;
}

export const GRACE_MS = 8000;
const TICK_MS = 200;

export function createDeletionQueue({
  send,
  onDeleted,
  graceMs = GRACE_MS,
}: DeletionQueueOptions): DeletionQueue {
  const listeners = new Set<() => void>();
  const sending = new Set<string>();
  let lastId = 0;
  let state: Deletions = { batches: [], leaving: new Set(), failure: null };
  let clock: ReturnType<typeof setInterval> | undefined;
  let lastTick = 0;
  let isPaused = false;

  function change(next: Partial<Deletions>): void {
    const batches = next.batches ?? state.batches;
    const ids = batches.flatMap(({ images }) => images.map(({ id }) => id));
    const leaving = new Set([...ids, ...sending]);
    state = { ...state, ...next, leaving: isSame(leaving, state.leaving) ? state.leaving : leaving };
    for (const listener of listeners) listener();
    if (batches.length > 0) startClock();
    else stopClock();
  }

  function startClock(): void {
    if (clock !== undefined || isPaused) return;
    lastTick = Date.now();
    clock = setInterval(tick, TICK_MS);
  }

  function stopClock(): void {
    clearInterval(clock);
    clock = undefined;
  }

  function tick(): void {
    const passed = Date.now() - lastTick;
    lastTick += passed;
    const batches = state.batches.map((batch) => ({ ...batch, leftMs: batch.leftMs - passed }));
    const due = batches.filter(({ leftMs }) => leftMs <= 0);
    for (const batch of due) void deleteNow(batch.images, false);
    change({ batches: batches.filter(({ leftMs }) => leftMs > 0) });
  }

  async function deleteNow(images: readonly Image[], isLeaving: boolean): Promise<void> {
    const ids = images.map(({ id }) => id);
    for (const id of ids) sending.add(id);
    const settle = (next: Partial<Deletions>) => {
      for (const id of ids) sending.delete(id);
      change(next);
    };
    try {
      await send(ids, isLeaving);
      onDeleted(ids);
      settle({});
    } catch (error) {
      settle({ failure: { images, error: error as Error } });
    }
  }

  return {
    remove(images) {
      if (images.length === 0) return;
      lastId += 1;
      change({ batches: [...state.batches, { id: lastId, images, leftMs: graceMs }] });
    },
    undo() {
      change({ batches: state.batches.slice(0, -1) });
    },
    pause() {
      isPaused = true;
      stopClock();
    },
    resume() {
      isPaused = false;
      if (state.batches.length > 0) startClock();
    },
    hurry() {
      const batch = state.batches.at(-1);
      if (batch) void deleteNow(batch.images, false);
      change({ batches: state.batches.slice(0, -1) });
    },
    leave() {
      for (const batch of state.batches) void deleteNow(batch.images, true);
      change({ batches: [] });
    },
    retry() {
      const images = state.failure?.images ?? [];
      void deleteNow(images, false);
      change({ failure: null });
    },
    forgetFailure() {
      change({ failure: null });
    },
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

function isSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return some.size === others.size && [...some].every((id) => others.has(id));
}
