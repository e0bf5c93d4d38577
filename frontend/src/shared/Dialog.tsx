import { type ReactNode, useEffect, useId, useRef } from "react";
import styles from "./Dialog.module.css";

export interface DialogProps {
  title: string;
  /** What the button says that closes it. */
  closing: string;
  closingClass?: string | undefined;
  onClose: () => void;
  children: ReactNode;
}

/** A window over the page, which has the keyboard until it is closed. */
export function Dialog({ title, closing, closingClass = "", onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id} className={styles.title}>
        {title}
      </h2>
      {children}
      <button type="button" className={`button ${closingClass}`} onClick={() => ref.current?.close()}>
        {closing}
      </button>
    </dialog>
  );
}
