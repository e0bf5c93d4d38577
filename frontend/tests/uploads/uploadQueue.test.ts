import { describe, expect, test, vi } from "vitest";
import { ApiError, type Image, type OnProgress } from "../../src/api";
import { summaryOf } from "../../src/uploads/summary";
import { createUploadQueue } from "../../src/uploads/uploadQueue";
import { aPendingImage } from "../anImage";

interface Sending {
  file: File;
  onProgress: OnProgress;
  resolve: (image: Image) => void;
  reject: (error: unknown) => void;
}

function aQueue() {
  const sending: Sending[] = [];
  const onSent = vi.fn();
  const queue = createUploadQueue({
    send: (file, onProgress) =>
      new Promise((resolve, reject) => {
        sending.push({ file, onProgress, resolve, reject });
      }),
    onSent,
  });
  const states = () => queue.getSnapshot().uploads.map((upload) => `${upload.filename} ${upload.state}`);
  return { queue, sending, onSent, states };
}

function aFile(name: string, type = "image/jpeg"): File {
  return new File(["x"], name, { type });
}

async function settled() {
  await Promise.resolve();
  await Promise.resolve();
}

describe("the queue of uploads", () => {
  test("sends three at a time, in the order they came", async () => {
    const { queue, sending, onSent, states } = aQueue();

    queue.add(["a", "b", "c", "d"].map((name) => aFile(`${name}.jpg`)));
    queue.add([aFile("e.jpg")]);

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

    expect(onSent).toHaveBeenCalledExactlyOnceWith(image);
    expect(states()).toEqual(["a.jpg sending", "c.jpg sending", "d.jpg sending", "e.jpg waiting"]);
    expect(queue.getSnapshot().sent).toBe(1);
  });

  test("goes on after a failure, and tells the reason", async () => {
    const { queue, sending, states } = aQueue();
    queue.add(["a", "b", "c", "d"].map((name) => aFile(`${name}.jpg`)));

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
    const { queue, sending, states } = aQueue();
    queue.add([aFile("a.jpg")]);
    sending[0]?.reject(new Error());
    await settled();

    queue.retry(queue.getSnapshot().uploads[0]?.id ?? 0);

    expect(states()).toEqual(["a.jpg sending"]);
    expect(queue.getSnapshot().uploads[0]?.reason).toBeNull();
    expect(sending[1]?.file).toBe(sending[0]?.file);
  });

  test("refuses what is no photo without sending it", () => {
    const { queue, sending, states } = aQueue();
    queue.add([aFile("a.txt", "text/plain"), aFile("b.jpg")]);
    expect(states()).toEqual(["a.txt failed", "b.jpg sending"]);
    expect(queue.getSnapshot().uploads[0]?.canRetry).toBe(false);
    expect(sending).toHaveLength(1);
  });

  test("forgets failures when dismissed, goes on with the rest, and comes back with news", async () => {
    const { queue, sending, states } = aQueue();
    queue.add([aFile("a.txt", "text/plain"), aFile("b.jpg"), aFile("c.jpg")]);
    sending[0]?.resolve(aPendingImage());
    await settled();

    queue.dismiss();

    expect(states()).toEqual(["c.jpg sending"]);
    expect(queue.getSnapshot()).toMatchObject({ sent: 0, isDismissed: true });

    sending[1]?.reject(new Error());
    await settled();

    expect(queue.getSnapshot().isDismissed).toBe(false);
  });

  test("tells its listeners of each change, until they leave", () => {
    const { queue, sending } = aQueue();
    const listener = vi.fn();
    const leave = queue.subscribe(listener);
    queue.add([aFile("a.jpg")]);
    listener.mockClear();

    sending[0]?.onProgress(0.5);

    expect(listener).toHaveBeenCalledOnce();
    expect(queue.getSnapshot().uploads[0]?.progress).toBe(0.5);

    leave();
    sending[0]?.onProgress(0.6);

    expect(listener).toHaveBeenCalledOnce();
  });
});

test("summaryOf counts", async () => {
  const { queue, sending } = aQueue();
  expect(summaryOf(queue.getSnapshot())).toBe("");
  queue.add([aFile("a.jpg"), aFile("b.jpg"), aFile("c.txt", "text/plain")]);
  expect(summaryOf(queue.getSnapshot())).toBe("Adding 2 photos");
  sending[0]?.resolve(aPendingImage());
  sending[1]?.resolve(aPendingImage());
  await settled();
  expect(summaryOf(queue.getSnapshot())).toBe("2 photos added, 1 failed");
});
