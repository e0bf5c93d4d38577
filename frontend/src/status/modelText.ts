/** What is known of a model, for people. Free of React. */

import type { Model } from "../api";

export type Fact = [name: string, value: string];

const SHARES: Fact[] = [
  ["top1", "Right at once"],
  ["top5", "Right within five labels"],
];
const SENTENCES: Fact[] = [
  ["bleu4", "Sentences, BLEU-4"],
  ["rouge", "Sentences, ROUGE-L"],
  ["cider", "Sentences, CIDEr"],
];

/** The model's figures with their names, as far as they were measured. */
export function modelFacts({ version, classes, scores, caption_scores }: Model): Fact[] {
  return [
    ["Version", version],
    ...measured([["classes", "Kinds of things"]], { classes }, (kinds) => kinds.toLocaleString("en")),
    ...measured(SHARES, scores, (share) => `${(share * 100).toFixed(1)}%`),
    ...measured(SENTENCES, caption_scores, (score) => score.toLocaleString("en")),
  ];
}

function measured(
  names: Fact[],
  measures: Record<string, unknown> | null | undefined,
  toText: (value: number) => string,
): Fact[] {
  return names.flatMap(([measure, name]): Fact[] => {
    const value = measures?.[measure];
    return typeof value === "number" ? [[name, toText(value)]] : [];
  });
}
