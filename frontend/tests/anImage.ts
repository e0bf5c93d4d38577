import type { Image } from "../src/api";

let count = 0;

/** A ready photo; later calls make later photos. `fields` are what the case is about. */
export function anImage(fields: Partial<Image> = {}): Image {
  count += 1;
  const id = fields.id ?? `photo${String(count).padStart(11, "a")}`;
  return {
    id,
    filename: `IMG_${count}.jpg`,
    status: "ready",
    caption: `photo number ${count}`,
    caption_source: "model",
    labels: [{ name: "tabby cat", score: 0.873, source: "model" }],
    edited: { caption: false, labels: false },
    width: 4000,
    height: 3000,
    bytes: 2_000_000,
    content_type: "image/jpeg",
    sha256: null,
    created_at: new Date(Date.UTC(2026, 0, 1) + count * 1000).toISOString().replace("Z", "000Z"),
    taken_at: null,
    camera: null,
    placeholder: "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
    thumb_url: `/media/thumb/${id}.jpg`,
    preview_url: `/media/preview/${id}.jpg`,
    original_url: `/api/images/${id}/original`,
    model: { name: "imagenet", version: "1" },
    feedback: { right: 0, wrong: 0 },
    error: null,
    ...fields,
  };
}

/** A photo that waits for its caption. */
export function aPendingImage(fields: Partial<Image> = {}): Image {
  return anImage({
    status: "pending",
    caption: null,
    labels: [],
    width: null,
    height: null,
    placeholder: null,
    thumb_url: null,
    preview_url: null,
    model: null,
    ...fields,
  });
}
