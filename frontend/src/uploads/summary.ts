import { counted } from "../shared/counted";
import { isActive, type Uploads } from "./uploadQueue";

/** How the uploads are doing, in a phrase: "Adding 2 photos", "3 photos added, 2 already here, 1 failed". */
export function summaryOf({ uploads, sent, cancelled }: Uploads): string {
  const active = uploads.filter(isActive).length;
  if (active > 0) return `Adding ${counted(active, "photo")}`;
  const failed = uploads.filter(({ state }) => state === "failed").length;
  const skipped = uploads.filter(({ state }) => state === "skipped").length;
  if (sent + skipped + cancelled === 0) return failed > 0 ? `${counted(failed, "file")} not added` : "";
  return [
    ...(sent > 0 || skipped + failed === 0 ? [`${counted(sent, "photo")} added`] : []),
    ...(skipped > 0 ? [`${skipped.toLocaleString("en")} already here`] : []),
    ...(cancelled > 0 ? [`${cancelled.toLocaleString("en")} cancelled`] : []),
    ...(failed > 0 ? [`${failed.toLocaleString("en")} failed`] : []),
  ].join(", ");
}
