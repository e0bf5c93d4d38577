import { counted } from "../shared/counted";
import { isActive, type Uploads } from "./uploadQueue";

/** How the uploads are doing, in a phrase: "Adding 2 photos", "3 photos added, 1 failed". */
export function summaryOf({ uploads, sent }: Uploads): string {
  const active = uploads.filter(isActive).length;
  if (active > 0) return `Adding ${counted(active, "photo")}`;
  const failed = uploads.length;
  if (sent === 0 && failed === 0) return "";
  if (sent === 0) return `${counted(failed, "file")} not added`;
  return failed === 0
    ? `${counted(sent, "photo")} added`
    : `${counted(sent, "photo")} added, ${failed} failed`;
}
