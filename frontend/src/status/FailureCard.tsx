import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { EVERYTHING, writeAddress } from "../address/address";
import { goToSearch } from "../address/navigation";
import { STATUS_KEY } from "../header/useStatus";
import { counted } from "../shared/counted";
import { PageLink } from "../shared/PageLink";
import type { Pace } from "../shared/pace";
import { listFailed, reasonsOf, retryFailed } from "./failures";
import styles from "./StatusPage.module.css";

export interface FailureCardProps {
  /** How many photos failed. */
  count: number;
  pace: Pace;
}

const FAILED = { ...EVERYTHING, status: "failed" as const };

/** Why photos failed, and a way to have them tried again. */
export function FailureCard({ count, pace }: FailureCardProps) {
  const client = useQueryClient();
  const failed = useQuery({
    queryKey: ["failed"],
    queryFn: ({ signal }) => listFailed(null, signal),
    enabled: count > 0,
    refetchInterval: pace.idleMs,
  });
  const retry = useMutation({
    mutationFn: retryFailed,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["failed"] }),
        client.invalidateQueries({ queryKey: STATUS_KEY }),
      ]),
  });
  return (
    <section className={styles.card} aria-labelledby="failures">
      <h3 id="failures">Photos that failed</h3>
      {count === 0 ? (
        <p className={styles.soft}>None.</p>
      ) : (
        <>
          <ul className={styles.reasons}>
            {failed.data &&
              reasonsOf(failed.data.items).map(([reason, photos]) => (
                <li key={reason}>
                  <span>{reason}</span>
                  <span className={styles.figure}>{photos.toLocaleString("en")}</span>
                </li>
              ))}
          </ul>
          {failed.data && failed.data.next !== null && (
            <p className={styles.soft}>Of the newest {failed.data.items.length}.</p>
          )}
          <div className={styles.actions}>
            <PageLink
              href={`/${writeAddress({ search: FAILED, photo: null })}`}
              onGo={() => {
                goToSearch(FAILED);
              }}
            >
              Show {counted(count, "photo")}
            </PageLink>
            <button
              type="button"
              className="button button-small"
              disabled={retry.isPending}
              onClick={() => {
                retry.mutate();
              }}
            >
              Try all again
            </button>
          </div>
        </>
      )}
      <p className={styles.soft} role="status">
        {retry.isPending && "Queueing them …"}
        {retry.isSuccess && `${counted(retry.data, "photo")} queued. A file that is damaged fails again.`}
      </p>
      {retry.isError && (
        <p className={styles.warn} role="alert">
          Not all could be queued. {retry.error.message}
        </p>
      )}
    </section>
  );
}
