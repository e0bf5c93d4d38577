import { useEffect, useRef } from "react";
import styles from "./SignInDialog.module.css";
import { SignInForm, type SignInFormProps } from "./SignInForm";

export interface SignInDialogProps extends SignInFormProps {
  onClose: () => void;
}

/** Asks those for the token who may look, and want to change something. */
export function SignInDialog({ onSignIn, onClose }: SignInDialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby="sign-in" onClose={onClose}>
      <h2 id="sign-in" className={styles.title}>
        Sign in to change something
      </h2>
      <p className={styles.note}>Everyone may look at the photos of this gallery.</p>
      <SignInForm onSignIn={onSignIn} />
      <button type="button" className={`button ${styles.cancel ?? ""}`} onClick={() => ref.current?.close()}>
        Cancel
      </button>
    </dialog>
  );
}
