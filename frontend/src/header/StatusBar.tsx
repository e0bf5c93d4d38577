import type { Status } from "../api";
import { STATUS_PATH } from "../address/address";
import { goToStatus } from "../address/navigation";
import { PageLink } from "../shared/PageLink";
import styles from "./StatusBar.module.css";
import { isStarter, modelNote, statusParts } from "./statusText";

export interface StatusBarProps {
  status: Status;
}

/** How the gallery is doing, and which model writes its captions. */
export function StatusBar({ status }: StatusBarProps) {
  const { upgrade } = status;
  const offersFull = isStarter(status) && (upgrade === null || upgrade.state === "failed");
  return (
    <div className={styles.bar}>
      <ul className={styles.parts} aria-label="Status">
        {statusParts(status).map((part) => (
          <li key={part}>{part}</li>
        ))}
      </ul>
      <PageLink className={styles.link} href={STATUS_PATH} onGo={goToStatus}>
        Status
      </PageLink>
      <p className={styles.note} aria-live="polite" data-failed={upgrade?.state === "failed"}>
        {modelNote(status)}
        {offersFull && (
          <>
            {" "}
            <span>
              For the full one, start the gallery with <code>scripts/run --model imagenet</code>.
            </span>
          </>
        )}
      </p>
    </div>
  );
}
