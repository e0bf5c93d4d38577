export function BrokenIcon() {
  return (
    <svg width="40" height="40" viewBox="0 0 40 40" fill="none" stroke="currentColor" aria-hidden="true">
      <path
        d="M18 8H9a3 3 0 0 0-3 3v18a3 3 0 0 0 3 3h9l2-6-4-6 4-6-2-6zM24 8h7a3 3 0 0 1 3 3v18a3 3 0 0 1-3 3h-7l2-6-4-6 4-6-2-6z"
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
    </svg>
  );
}
