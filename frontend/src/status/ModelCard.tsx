import type { Status } from "../api";
import { modelNote } from "../header/statusText";
import { modelFacts } from "./modelText";
import styles from "./StatusPage.module.css";

export interface ModelCardProps {
  status: Status;
}

/** What writes the captions, how good it is, and whether a better one is on its way. */
export function ModelCard({ status }: ModelCardProps) {
  const { model, feedback } = status;
  const note = modelNote(status);
  return (
    <section className={styles.card} aria-labelledby="model">
      <h3 id="model">Captions by {model ? `the ${model.name} model` : "a model that is not loaded yet"}</h3>
      <dl className={styles.facts}>
        {model &&
          modelFacts(model).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        <div>
          <dt>People say</dt>
          <dd>
            {feedback.right.toLocaleString("en")} right, {feedback.wrong.toLocaleString("en")} wrong
          </dd>
        </div>
      </dl>
      {note !== "" && (
        <p className={status.upgrade?.state === "failed" ? styles.warn : styles.soft}>{note}</p>
      )}
    </section>
  );
}
