import { SignInForm, type SignInFormProps } from "./SignInForm";
import styles from "./SignInScreen.module.css";

/** All that strangers see of the gallery. */
export function SignInScreen({ onSignIn }: SignInFormProps) {
  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <h1 className={styles.name}>
          <img src="/favicon.svg" alt="" width={36} height={36} />
          Captionary
        </h1>
        <p className={styles.note}>This gallery is for those who have its access token.</p>
        <SignInForm onSignIn={onSignIn} />
      </div>
    </main>
  );
}
