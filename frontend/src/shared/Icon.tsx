/** Outlines on a grid of 16 by 16. */
const SHAPES = {
  broken:
    "M7 3H3.5a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1H7l1-2.5L6 8l2-2.5zM10 3h2.5a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H10l1-2.5L9 8l2-2.5z",
  check: "M3.5 8.5l3 3 6-7",
  chevronDown: "M4 6l4 4 4-4",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  dark: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10",
  folder: "M2 4a1 1 0 0 1 1-1h3.2l1.5 1.8H13a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z",
  info: "M8 7.2v4M8 4.8v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  keyboard:
    "M2.5 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4.5 6.5h.1M7 6.5h.1M9.5 6.5h.1M12 6.5h-.1M5.5 9.5h5",
  light:
    "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  next: "M6 3l5 5-5 5",
  pencil: "M10.5 3.5l2 2-7.5 7.5-2.7.7.7-2.7z",
  photo:
    "M3 3h10a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM2.5 11l3.5-3.5 2.5 2.5 2-2 3 3M10.8 6h.1",
  plus: "M8 2.5v11M2.5 8h11",
  previous: "M10 3L5 8l5 5",
  search: "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM10.3 10.3l3.4 3.4",
  signOut: "M9.5 2.5h-6v11h6M6.5 8h7.5M11 5l3 3-3 3",
  system:
    "M2.5 3h11a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5h-11a.5.5 0 0 1-.5-.5v-7a.5.5 0 0 1 .5-.5zM8 11v2.5M5.5 13.5h5",
  thumbDown:
    "M5 9.5V2.5h6.3a1 1 0 0 1 1 .8l1 4.8a1 1 0 0 1-1 1.2H9l.5 3a1.2 1.2 0 0 1-2.3.6L5 9.5zM5 9.5H2.5v-7H5",
  thumbUp:
    "M5 6.5v7h6.3a1 1 0 0 0 1-.8l1-4.8a1 1 0 0 0-1-1.2H9l.5-3a1.2 1.2 0 0 0-2.3-.6L5 6.5zM5 6.5H2.5v7H5",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.8 7v4M9.2 7v4",
  zoom: "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM10.3 10.3l3.4 3.4M5 7h4M7 5v4",
};

export type IconName = keyof typeof SHAPES;

export interface IconProps {
  name: IconName;
  /** In pixels. */
  size?: number;
}

/** A small drawing beside or in place of a word; it says nothing to screen readers. */
export function Icon({ name, size = 16 }: IconProps) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <path d={SHAPES[name]} strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
