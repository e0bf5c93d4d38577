import { useState } from "react";
import { EVERYTHING, GALLERY_PATH } from "../address/address";
import { goToSearch } from "../address/navigation";
import type { Status } from "../api";
import { waitingIn } from "../header/statusText";
import { PageLink } from "../shared/PageLink";
import type { Pace } from "../shared/pace";
import { ActivityCards } from "./ActivityCards";
import { durationText, lastWait, numberText } from "./activityText";
import { FailureCard } from "./FailureCard";
import { ModelCard } from "./ModelCard";
import styles from "./StatusPage.module.css";
import { useActivity } from "./useActivity";

export interface StatusPageProps {
  /** Undefined until the gallery has answered. */
  status: Status | undefined;
  pace: Pace;
}

const SPANS: [minutes: number, name: string][] = [
  [60, "the last hour"],
  [360, "the last 6 hours"],
  [1440, "the last day"],
];

/** How the gallery is doing: what is there, what waits, what was done lately, and by which model. */
export function StatusPage({ status, pace }: StatusPageProps) {
  const [minutes, setMinutes] = useState(60);
  const activity = useActivity(minutes, pace, status !== undefined && waitingIn(status) > 0);
  const waited = activity.data ? lastWait(activity.data.items) : null;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h2>Status</h2>
        <PageLink
          href={GALLERY_PATH}
          onGo={() => {
            goToSearch(EVERYTHING);
          }}
        >
          Back to the photos
        </PageLink>
      </div>
      {status ? (
        <dl className={styles.tiles}>
          <Tile name="Captioned" value={numberText(status.counts.ready)} />
          <Tile name="Pending" value={numberText(status.counts.pending)} />
          <Tile name="Failed" value={numberText(status.counts.failed)} isBad={status.counts.failed > 0} />
          <Tile name="In the queue" value={numberText(status.queue.waiting)} />
          <Tile
            name="Dead letters"
            value={numberText(status.queue.dead_letters)}
            isBad={status.queue.dead_letters > 0}
          />
          <Tile
            name="Photos a minute"
            value={activity.data ? numberText(Math.round(activity.data.per_minute)) : "–"}
          />
          <Tile name="Last wait" value={waited === null ? "–" : durationText(waited)} />
        </dl>
      ) : (
        <p className={styles.soft}>Asking the gallery …</p>
      )}
      <div className={styles.span}>
        <label htmlFor="span">What was done in</label>
        <select
          id="span"
          value={minutes}
          onChange={(event) => {
            setMinutes(Number(event.target.value));
          }}
        >
          {SPANS.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {activity.isError && (
        <p className={styles.warn} role="alert">
          What was done lately is not known: {activity.error.message}
        </p>
      )}
      <div className={styles.cards}>
        {activity.data && <ActivityCards activity={activity.data} />}
        {status && <FailureCard count={status.counts.failed} pace={pace} />}
        {status && <ModelCard status={status} />}
      </div>
      {status && <p className={styles.soft}>Captionary {status.version}</p>}
    </div>
  );
}

interface TileProps {
  name: string;
  value: string;
  isBad?: boolean;
}

function Tile({ name, value, isBad = false }: TileProps) {
  return (
    <div className={styles.tile} data-bad={isBad}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
