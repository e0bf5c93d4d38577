import { type SyntheticEvent, useEffect, useId, useRef, useState } from "react";
import styles from "./SignInForm.module.css";

export interface SignInFormProps {
  onSignIn: (token: string) => Promise<void>;
}

/** One field for the gallery's access token, as password managers know it. */
export function SignInForm({ onSignIn }: SignInFormProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => input.current?.focus(), []);

  async function submit(event: SyntheticEvent): Promise<void> {
    event.preventDefault();
    if (!input.current) return;
    setIsBusy(true);
    setError(null);
    try {
      await onSignIn(input.current.value);
    } catch (reason) {
      setIsBusy(false);
      setError(reason instanceof Error ? reason.message : "That did not work. Try again.");
      input.current.select();
    }
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        void submit(event);
      }}
    >
      <input type="text" name="username" autoComplete="username" value="captionary" readOnly hidden />
      <label className={styles.label} htmlFor={id}>
        Access token
      </label>
      <input
        ref={input}
        id={id}
        className={styles.input}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        aria-invalid={error !== null}
        aria-describedby={`${id}-error`}
      />
      <p id={`${id}-error`} className={styles.error} role="alert">
        {error}
      </p>
      <button type="submit" className="button button-main" disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}
