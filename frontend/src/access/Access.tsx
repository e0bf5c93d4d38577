import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { endSession, getSession, onUnauthorized, type Session, startSession } from "../api";
import { SignInDialog } from "./SignInDialog";
import { SignInScreen } from "./SignInScreen";

const SESSION_KEY = ["session"];
const OPEN: Session = { required: false, public_read: true, signed_in: false };

export interface Access {
  /** Whether the gallery has said who may use it; until then nothing else is asked of it. */
  isKnown: boolean;
  /** "open": there is no token; "visitor": may look, and change nothing; "member": signed in. */
  role: "open" | "visitor" | "member";
  /** Ask for the token. */
  ask: () => void;
  signOut: () => Promise<void>;
}

const AccessContext = createContext<Access | null>(null);

export interface AccessProviderProps {
  children: ReactNode;
}

/** Shows the page to those who may see it, and asks the others for the gallery's access token. */
export function AccessProvider({ children }: AccessProviderProps) {
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const { data, isPending } = useQuery({
    queryKey: SESSION_KEY,
    queryFn: ({ signal }) => getSession(signal),
    staleTime: Infinity,
  });
  // Where the gallery does not answer, the page says so better than this could.
  const session = data ?? OPEN;

  useEffect(
    () =>
      onUnauthorized(() => {
        setIsAsking(true);
        void client.invalidateQueries({ queryKey: SESSION_KEY });
      }),
    [client],
  );

  const isLocked = session.required && !session.signed_in && !session.public_read;
  useEffect(() => {
    // What was seen is not kept for whoever comes next.
    if (isLocked) client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
  }, [client, isLocked]);

  const access = useMemo<Access>(
    () => ({
      isKnown: !isPending,
      role: session.signed_in ? "member" : session.required ? "visitor" : "open",
      ask: () => {
        setIsAsking(true);
      },
      signOut: async () => {
        await endSession();
        client.setQueryData<Session>(SESSION_KEY, { ...session, signed_in: false });
      },
    }),
    [client, session, isPending],
  );

  async function signIn(token: string): Promise<void> {
    await startSession(token);
    setIsAsking(false);
    client.setQueryData<Session>(SESSION_KEY, { ...session, required: true, signed_in: true });
    void client.invalidateQueries();
  }

  if (isLocked) return <SignInScreen onSignIn={signIn} />;
  return (
    <AccessContext value={access}>
      {children}
      {isAsking && access.role === "visitor" && (
        <SignInDialog
          onSignIn={signIn}
          onClose={() => {
            setIsAsking(false);
          }}
        />
      )}
    </AccessContext>
  );
}

/** Who looks at the page. */
export function useAccess(): Access {
  const access = useContext(AccessContext);
  if (!access) throw new Error("useAccess should be called inside an AccessProvider.");
  return access;
}
