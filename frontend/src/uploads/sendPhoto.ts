import { BODY_BYTES, type Image, type OnProgress, postForm, signUpload, uploadImage } from "../api";
import { contentTypeOf } from "./photoFile";

/** Send a photo to the gallery: the way that fits its size. Gives the photo as the gallery will show it first. */
export async function sendPhoto(file: File, onProgress: OnProgress): Promise<Image> {
  const contentType = contentTypeOf(file) ?? file.type;
  if (file.size <= BODY_BYTES) return uploadImage(file, contentType, onProgress);
  const form = await signUpload(file.name, contentType, file.size);
  await postForm(form, file, onProgress);
  return expected(form.id, file, contentType);
}

/** A photo that lies in the bucket and that the gallery will find there in a moment. */
function expected(id: string, file: File, contentType: string): Image {
  return {
    id,
    filename: file.name,
    status: "pending",
    caption: null,
    caption_source: "model",
    labels: [],
    width: null,
    height: null,
    bytes: file.size,
    content_type: contentType,
    created_at: new Date().toISOString(),
    taken_at: null,
    placeholder: null,
    thumb_url: null,
    preview_url: null,
    original_url: `/api/images/${id}/original`,
    model: null,
    feedback: { right: 0, wrong: 0 },
    error: null,
  };
}
