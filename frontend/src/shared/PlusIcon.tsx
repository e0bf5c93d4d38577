export function PlusIcon() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <path d="M8 2.5v11M2.5 8h11" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
