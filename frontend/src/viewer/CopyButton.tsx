import { useEffect, useState } from "react";
import { Icon } from "../shared/Icon";

const TOLD_FOR_MS = 2000;

export interface CopyButtonProps {
  className: string | undefined;
  text: string;
}

/** Copies the caption. Browsers allow that on secure pages only. */
export function CopyButton({ className, text }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => {
      setIsCopied(false);
    }, TOLD_FOR_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isCopied]);
  if (!window.isSecureContext) return null;
  return (
    <button
      type="button"
      className={className}
      aria-label={isCopied ? "Caption copied" : "Copy the caption"}
      title={isCopied ? "Copied" : "Copy the caption"}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          setIsCopied(true);
        });
      }}
    >
      <Icon name={isCopied ? "check" : "copy"} size={20} />
    </button>
  );
}
