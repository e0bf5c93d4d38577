import type { Image } from "../api";
import styles from "./Facts.module.css";
import { factsOf } from "./factsOf";

export interface FactsProps {
  image: Image;
}

/** When, how large, by what. */
export function Facts({ image }: FactsProps) {
  return (
    <dl className={styles.facts}>
      {factsOf(image).map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
