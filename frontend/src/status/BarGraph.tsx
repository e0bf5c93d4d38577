import styles from "./Graph.module.css";

export interface Bar {
  /** How high it is. */
  value: number;
  /** How much of that is drawn as a failure. */
  failed: number;
}

export interface BarGraphProps {
  /** What it shows, in a sentence that stands for it. */
  label: string;
  bars: Bar[];
}

const HEIGHT = 100;

/** Values one after the other as bars, the highest as high as the graph. */
export function BarGraph({ label, bars }: BarGraphProps) {
  const highest = Math.max(1, ...bars.map(({ value }) => value));
  const scale = HEIGHT / highest;
  return (
    <svg
      className={styles.bars}
      viewBox={`0 0 ${Math.max(1, bars.length)} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bars.map(({ value, failed }, index) => (
        // Steps are told apart by their place alone.
        <g key={index}>
          <rect
            className={styles.bar}
            x={index + 0.1}
            y={HEIGHT - value * scale}
            width={0.8}
            height={(value - failed) * scale}
          />
          <rect
            className={styles.failed}
            x={index + 0.1}
            y={HEIGHT - failed * scale}
            width={0.8}
            height={failed * scale}
          />
        </g>
      ))}
    </svg>
  );
}
