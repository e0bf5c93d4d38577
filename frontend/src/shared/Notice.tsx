import type { ReactNode } from "react";
import { CloseIcon } from "./CloseIcon";
import styles from "./Notice.module.css";

export interface NoticeProps {
  children: ReactNode;
  /** Left out where the notice goes by itself. */
  onDismiss?: () => void;
}

/** A bar across the page with something that went wrong. */
export function Notice({ children, onDismiss }: NoticeProps) {
  return (
    <div className={styles.notice} role="alert">
      <p>{children}</p>
      {onDismiss && (
        <button type="button" className="button-icon" aria-label="Dismiss message" onClick={onDismiss}>
          <CloseIcon />
        </button>
      )}
    </div>
  );
}
