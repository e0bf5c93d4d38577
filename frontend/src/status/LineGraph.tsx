import styles from "./Graph.module.css";

export interface LineGraphProps {
  /** Undefined where there is nothing to draw. */
  values: (number | undefined)[];
}

const HEIGHT = 100;

/** Values one after the other as a line with gaps. It says nothing to screen readers: the figures stand beside it. */
export function LineGraph({ values }: LineGraphProps) {
  const highest = Math.max(...values.map((value) => value ?? 0)) || 1;
  return (
    <svg
      className={styles.line}
      viewBox={`0 ${-HEIGHT * 0.1} ${Math.max(1, values.length)} ${HEIGHT * 1.2}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={pathOf(values, HEIGHT / highest)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** A line through neighbours, and a dash for a value without any. */
export function pathOf(values: (number | undefined)[], scale: number): string {
  return values
    .flatMap((value, index) => {
      if (value === undefined) return [];
      const isFirst = values[index - 1] === undefined;
      const y = Math.round((HEIGHT - value * scale) * 10) / 10;
      return isFirst ? [`M${index} ${y}h1`] : [`L${index + 1} ${y}`];
    })
    .join("");
}
