import type { ReactNode } from "react";

export interface PageLinkProps {
  href: string;
  /** Goes there without loading the page again. */
  onGo: () => void;
  className?: string | undefined;
  children: ReactNode;
}

/** A link to another part of the page; with a key held down it does what links do. */
export function PageLink({ href, onGo, className, children }: PageLinkProps) {
  return (
    <a
      className={className}
      href={href}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onGo();
      }}
    >
      {children}
    </a>
  );
}
