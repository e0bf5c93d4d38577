import type { ReactNode } from "react";
import { Icon } from "./Icon";
import styles from "./Notice.module.css";

export interface NoticeProps {
  children: ReactNode;
  /** Left out where there is nothing to try again. */
  onRetry?: () => void;
  /** Left out where the notice goes by itself. */
  onDismiss?: () => void;
}

/** A bar across the page with something that went wrong. */
export function Notice({ children, onRetry, onDismiss }: NoticeProps) {
  return (
    <div className={styles.notice} role="alert">
      <p className={styles.text}>{children}</p>
      {onRetry && (
        <button type="button" className="button button-small" onClick={onRetry}>
          Try again
        </button>
      )}
      {onDismiss && (
        <button type="button" className="button-icon" aria-label="Dismiss message" onClick={onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
