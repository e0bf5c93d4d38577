import { BODY_BYTES, type Image, postForm, type Sending, signUpload, uploadImage } from "../api";
import { contentTypeOf } from "./photoFile";

/**
 * Send a photo to the gallery: straight to the bucket, or, where that fails and it is small enough, through
 * the API. Gives the photo as the gallery will show it first.
 */
export async function sendPhoto(file: File, sending: Sending): Promise<Image> {
  const contentType = contentTypeOf(file) ?? file.type;
  const form = await signUpload(file.name, contentType, file.size, sending.signal);
  try {
    await postForm(form, file, sending);
  } catch (error) {
    if (sending.signal.aborted || file.size > BODY_BYTES) throw error;
    return uploadImage(file, contentType, sending);
  }
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
    edited: { caption: false, labels: false },
    width: null,
    height: null,
    bytes: file.size,
    content_type: contentType,
    sha256: null,
    created_at: new Date().toISOString(),
    taken_at: null,
    camera: null,
    placeholder: null,
    thumb_url: null,
    preview_url: null,
    original_url: `/api/images/${id}/original`,
    model: null,
    feedback: { right: 0, wrong: 0 },
    error: null,
  };
}
