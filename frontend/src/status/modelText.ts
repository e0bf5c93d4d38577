/** What is known of a model, for people. Free of React. */

import type { Model } from "../api";

const SHARES: [measure: string, name: string][] = [
  ["top1", "names right at once"],
  ["top5", "names right within five labels"],
];

/** The model's figures with their names, as far as they were measured. */
export function modelFacts({
  version,
  classes,
  scores,
  caption_scores,
}: Model): [name: string, value: string][] {
  return [
    ["Version", version],
    ...(classes === undefined
      ? []
      : ([["Kinds of things", classes.toLocaleString("en")]] as [string, string][])),
    ...SHARES.flatMap(([measure, name]): [string, string][] => {
      const share = scores?.[measure];
      return typeof share === "number" ? [[capital(name), `${(share * 100).toFixed(1)}%`]] : [];
    }),
    ...Object.entries(caption_scores ?? {}).flatMap(([measure, value]): [string, string][] =>
      typeof value === "number" ? [[`Sentences, ${measure}`, value.toLocaleString("en")]] : [],
    ),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
