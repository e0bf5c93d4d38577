import styles from "./BarGraph.module.css";

export interface Bar {
  /** How high it is. */
  value: number;
  /** How much of that is drawn as a failure. */
  failed?: number;
}

export interface BarGraphProps {
  bars: Bar[];
  /** What it shows, in a sentence that stands for it; left out where the figures stand beside it. */
  label?: string;
  /** Whether it is no higher than a line of text. */
  isSmall?: boolean;
}

const HEIGHT = 100;

/** Values one after the other as bars, the highest as high as the graph. */
export function BarGraph({ bars, label, isSmall = false }: BarGraphProps) {
  const scale = HEIGHT / (Math.max(0, ...bars.map(({ value }) => value)) || 1);
  return (
    <svg
      className={isSmall ? styles.small : styles.large}
      viewBox={`0 0 ${Math.max(1, bars.length)} ${HEIGHT}`}
      preserveAspectRatio="none"
      {...(label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
    >
      {bars.map(({ value, failed = 0 }, index) => (
        // Steps are told apart by their place alone.
        <g key={index}>
          <rect
            className={styles.bar}
            x={index + 0.1}
            y={HEIGHT - value * scale}
            width={0.8}
            height={(value - failed) * scale}
          />
          {failed > 0 && (
            <rect
              className={styles.failed}
              x={index + 0.1}
              y={HEIGHT - failed * scale}
              width={0.8}
              height={failed * scale}
            />
          )}
        </g>
      ))}
    </svg>
  );
}
