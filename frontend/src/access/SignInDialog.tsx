import { Dialog } from "../shared/Dialog";
import styles from "./SignInDialog.module.css";
import { SignInForm, type SignInFormProps } from "./SignInForm";

export interface SignInDialogProps extends SignInFormProps {
  onClose: () => void;
}

/** Asks those for the token who may look, and want to change something. */
export function SignInDialog({ onSignIn, onClose }: SignInDialogProps) {
  return (
    <Dialog
      title="Sign in to change something"
      closing="Cancel"
      closingClass={styles.cancel}
      onClose={onClose}
    >
      <p className={styles.note}>Everyone may look at the photos of this gallery.</p>
      <SignInForm onSignIn={onSignIn} />
    </Dialog>
  );
}
