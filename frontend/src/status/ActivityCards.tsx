import type { Activity } from "../api";
import {
  clockText,
  doneIn,
  durationText,
  failedIn,
  millisecondsText,
  numberText,
  photosText,
  stageMeans,
} from "./activityText";
import { BarGraph } from "./BarGraph";
import styles from "./StatusPage.module.css";

export interface ActivityCardsProps {
  activity: Activity;
}

/** Photos and their stages over time, as graphs with the figures beside them. */
export function ActivityCards({ activity: { items, step_seconds } }: ActivityCardsProps) {
  const stepMinutes = step_seconds / 60;
  const text = photosText(items, stepMinutes);
  const means = stageMeans(items);
  const busy = items.filter((step) => doneIn(step) + step.put_off + step.removed > 0);
  const first = items[0];
  return (
    <>
      <section className={styles.card} aria-labelledby="photos-over-time">
        <h3 id="photos-over-time">Photos per {stepMinutes === 1 ? "minute" : `${stepMinutes} minutes`}</h3>
        <BarGraph
          label={`Photos over time. ${text}`}
          bars={items.map((step) => ({ value: doneIn(step), failed: failedIn(step) }))}
        />
        <p className={styles.axis} aria-hidden="true">
          <span>{first && clockText(first.at)}</span>
          <span>now</span>
        </p>
        <p className={styles.soft}>{text}</p>
        {busy.length > 0 && (
          <details>
            <summary>The figures</summary>
            {/* It scrolls, so the keyboard has to reach it. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <div className={styles.scroller} role="region" aria-label="Figures over time" tabIndex={0}>
              <table className={styles.table}>
                <thead>
                  <tr>
                    <th scope="col">From</th>
                    <th scope="col">Captioned</th>
                    <th scope="col">Failed</th>
                    <th scope="col">Put off</th>
                    <th scope="col">Removed</th>
                    <th scope="col">Longest wait</th>
                  </tr>
                </thead>
                <tbody>
                  {busy.toReversed().map((step) => (
                    <tr key={step.at}>
                      <th scope="row">{clockText(step.at)}</th>
                      <td>{numberText(step.ready)}</td>
                      <td>{numberText(failedIn(step))}</td>
                      <td>{numberText(step.put_off)}</td>
                      <td>{numberText(step.removed)}</td>
                      <td>{step.wait_seconds === null ? "–" : durationText(step.wait_seconds)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        )}
      </section>
      <section className={styles.card} aria-labelledby="stages">
        <h3 id="stages">Time for a photo</h3>
        {means.length === 0 ? (
          <p className={styles.soft}>No photo was captioned in this time.</p>
        ) : (
          <table className={styles.stages}>
            <thead className="visually-hidden">
              <tr>
                <th scope="col">Stage</th>
                <th scope="col">On average</th>
                <th scope="col">Over time</th>
              </tr>
            </thead>
            <tbody>
              {means.map(([stage, mean]) => (
                <tr key={stage}>
                  <th scope="row">{stage}</th>
                  <td className={styles.figure}>{millisecondsText(mean)}</td>
                  <td>
                    <BarGraph bars={items.map(({ ms }) => ({ value: ms[stage] ?? 0 }))} isSmall />
                  </td>
                </tr>
              ))}
              <tr>
                <th scope="row">all</th>
                <td className={styles.figure}>
                  {millisecondsText(means.reduce((sum, [, mean]) => sum + mean, 0))}
                </td>
                <td />
              </tr>
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}
