import { describe, expect, test, vi } from "vitest";
import { ApiError, type Image, type Sending } from "../../src/api";
import type { Checked } from "../../src/uploads/checkFiles";
import { summaryOf } from "../../src/uploads/summary";
import { createUploadQueue, progressOf } from "../../src/uploads/uploadQueue";
import { aPendingImage } from "../anImage";

interface Sent extends Sending {
  file: File;
  resolve: (image: Image) => void;
  reject: (error: unknown) => void;
}

/** A queue whose files are all new, but for what `known` says of them. */
function aQueue(known: (file: File) => Checked = () => ({ digest: null, known: null })) {
  const sending: Sent[] = [];
  const onSent = vi.fn();
  const queue = createUploadQueue({
    check: (files) => Promise.resolve(files.map(known)),
    send: (file, how) =>
      new Promise((resolve, reject) => {
        sending.push({ file, ...how, resolve, reject });
      }),
    onSent,
  });
  const states = () => queue.getSnapshot().uploads.map((upload) => `${upload.filename} ${upload.state}`);
  const idOf = (filename: string) =>
    queue.getSnapshot().uploads.find((upload) => upload.filename === filename)?.id ?? 0;
  return { queue, sending, onSent, states, idOf };
}

function aFile(name: string, { type = "image/jpeg", size = 1 } = {}): File {
  return new File([new Uint8Array(size)], name, { type });
}

function someFiles(...names: string[]): File[] {
  return names.map((name) => aFile(`${name}.jpg`));
}

function settled() {
  return new Promise((resolve) => setTimeout(resolve));
}

describe("the queue of uploads", () => {
  test("sends three at a time, in the order they came", async () => {
    const { queue, sending, onSent, states } = aQueue();

    queue.add(someFiles("a", "b", "c", "d"));
    queue.add(someFiles("e"));
    await settled();

    expect(states()).toEqual([
      "a.jpg sending",
      "b.jpg sending",
      "c.jpg sending",
      "d.jpg waiting",
      "e.jpg waiting",
    ]);

    const image = aPendingImage();
    sending[1]?.resolve(image);
    await settled();

    expect(onSent).toHaveBeenCalledExactlyOnceWith(image, sending[1]?.file);
    expect(states()).toEqual(["a.jpg sending", "c.jpg sending", "d.jpg sending", "e.jpg waiting"]);
    expect(queue.getSnapshot().sent).toBe(1);
  });

  test("goes on after a failure, and tells the reason", async () => {
    const { queue, sending, states } = aQueue();
    queue.add(someFiles("a", "b", "c", "d"));
    await settled();

    const problem = {
      type: "/problems/too-large",
      title: "Too large",
      status: 413,
      detail: "It is too large.",
    };
    sending[0]?.reject(new ApiError(problem));
    sending[1]?.reject(new Error("lone surrogate"));
    await settled();

    expect(states()).toEqual(["a.jpg failed", "b.jpg failed", "c.jpg sending", "d.jpg sending"]);
    const [first, second] = queue.getSnapshot().uploads;
    expect(first).toMatchObject({ reason: "It is too large.", canRetry: true, progress: 0 });
    expect(second?.reason).toMatch(/could not be read/);
  });

  test("sends a failed file again", async () => {
    const { queue, sending, states, idOf } = aQueue();
    queue.add(someFiles("a"));
    await settled();
    sending[0]?.reject(new Error());
    await settled();

    queue.retry(idOf("a.jpg"));

    expect(states()).toEqual(["a.jpg sending"]);
    expect(queue.getSnapshot().uploads[0]?.reason).toBeNull();
    expect(sending[1]?.file).toBe(sending[0]?.file);
  });

  test("sends all failed files again, and no others", async () => {
    const { queue, sending, states } = aQueue();
    queue.add([...someFiles("a", "b"), aFile("c.txt", { type: "text/plain" })]);
    await settled();
    sending[0]?.reject(new Error());
    sending[1]?.reject(new Error());
    await settled();
    expect(states()).toEqual(["a.jpg failed", "b.jpg failed", "c.txt failed"]);

    queue.retryAll();

    expect(states()).toEqual(["a.jpg sending", "b.jpg sending", "c.txt failed"]);
  });

  test("refuses what is no photo without sending it", async () => {
    const { queue, sending, states } = aQueue();
    queue.add([aFile("a.txt", { type: "text/plain" }), aFile("b.jpg")]);
    await settled();
    expect(states()).toEqual(["a.txt failed", "b.jpg sending"]);
    expect(queue.getSnapshot().uploads[0]?.canRetry).toBe(false);
    expect(sending).toHaveLength(1);
  });

  test("skips what the gallery has, and what is among the files twice", async () => {
    const { queue, sending, states } = aQueue((file) => ({
      digest: file.name.charAt(0),
      known: file.name.startsWith("b") ? "photo-b" : null,
    }));

    queue.add(someFiles("a", "a again", "b"));
    await settled();

    expect(states()).toEqual(["a.jpg sending", "a again.jpg skipped", "b.jpg skipped"]);
    expect(queue.getSnapshot().uploads.map(({ twin }) => twin)).toEqual([null, null, "photo-b"]);

    sending[0]?.resolve(aPendingImage({ id: "photo-a" }));
    await settled();
    expect(summaryOf(queue.getSnapshot())).toBe("1 photo added, 2 already here");
    expect(sending).toHaveLength(1);
  });

  test("cancels one file or all of them", async () => {
    const { queue, sending, states, idOf } = aQueue();
    queue.add(someFiles("a", "b", "c", "d", "e"));
    await settled();

    queue.cancel(idOf("b.jpg"));

    expect(sending[1]?.signal.aborted).toBe(true);
    expect(states()).toEqual(["a.jpg sending", "c.jpg sending", "d.jpg sending", "e.jpg waiting"]);

    queue.cancelAll();
    sending[0]?.reject(new DOMException("cancelled", "AbortError"));
    await settled();

    expect(states()).toEqual([]);
    expect(sending).toHaveLength(4);
    expect(summaryOf(queue.getSnapshot())).toBe("0 photos added, 5 cancelled");
  });

  test("forgets failures when dismissed, goes on with the rest, and comes back with news", async () => {
    const { queue, sending, states } = aQueue();
    queue.add([aFile("a.txt", { type: "text/plain" }), ...someFiles("b", "c")]);
    await settled();
    sending[0]?.resolve(aPendingImage());
    await settled();

    queue.dismiss();

    expect(states()).toEqual(["c.jpg sending"]);
    expect(queue.getSnapshot()).toMatchObject({ sent: 0, isDismissed: true });

    sending[1]?.reject(new Error());
    await settled();

    expect(queue.getSnapshot().isDismissed).toBe(false);
  });

  test("tells its listeners of each change, until they leave", async () => {
    const { queue, sending } = aQueue();
    const listener = vi.fn();
    const leave = queue.subscribe(listener);
    queue.add(someFiles("a"));
    await settled();
    listener.mockClear();

    sending[0]?.onProgress(0.5);

    expect(listener).toHaveBeenCalledOnce();
    expect(queue.getSnapshot().uploads[0]?.progress).toBe(0.5);

    leave();
    sending[0]?.onProgress(0.6);

    expect(listener).toHaveBeenCalledOnce();
  });
});

test("progressOf weighs files by their size", async () => {
  const { queue, sending } = aQueue();
  queue.add([aFile("a.jpg", { size: 100 }), aFile("b.jpg", { size: 300 })]);
  await settled();
  sending[0]?.resolve(aPendingImage());
  sending[1]?.onProgress(0.5);
  await settled();
  expect(progressOf(queue.getSnapshot())).toBe(250 / 400);
});

test("summaryOf counts", async () => {
  const { queue, sending } = aQueue();
  expect(summaryOf(queue.getSnapshot())).toBe("");
  queue.add([...someFiles("a", "b"), aFile("c.txt", { type: "text/plain" })]);
  expect(summaryOf(queue.getSnapshot())).toBe("Adding 2 photos");
  await settled();
  sending[0]?.resolve(aPendingImage());
  sending[1]?.resolve(aPendingImage());
  await settled();
  expect(summaryOf(queue.getSnapshot())).toBe("2 photos added, 1 failed");
});
