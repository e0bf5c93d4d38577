import { useState } from "react";
import { useAccess } from "../access/Access";
import { Icon } from "../shared/Icon";

/** Ends the session; there for those who have one. */
export function SignOutButton() {
  const { role, signOut } = useAccess();
  const [isBusy, setIsBusy] = useState(false);
  if (role !== "member") return null;
  return (
    <button
      type="button"
      className="button-icon"
      aria-label="Sign out"
      title="Sign out"
      disabled={isBusy}
      onClick={() => {
        setIsBusy(true);
        signOut().catch(() => {
          setIsBusy(false);
        });
      }}
    >
      <Icon name="signOut" size={18} />
    </button>
  );
}
