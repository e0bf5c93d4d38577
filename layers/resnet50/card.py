"""A pack's model card: what its manifest says, for people (Mitchell et al. 2019, arXiv:1810.03993)."""

from __future__ import annotations

from typing import Any

NAMES = {
    "pictures": "pictures",
    "top1": "top-1",
    "top5": "top-5",
    "label_floor": "label floor",
    "bleu1": "BLEU-1",
    "bleu2": "BLEU-2",
    "bleu3": "BLEU-3",
    "bleu4": "BLEU-4",
    "sacrebleu": "BLEU-4 (sacrebleu)",
    "rouge": "ROUGE-L",
    "cider": "CIDEr",
    "cosine": "cosine of features",
}
SEES = """\
It knows {classes} kinds of things, and calls all else by the name of one of them; a label whose score is below
{floor} is not told, because fewer than half of such labels are right. It does not know people, places or
dates, does not read text, and can't be trusted to count. What it says is shaped by the photos that it was
trained on, and by what people wrote about them: it repeats their habits and their prejudices."""
SENTENCES = "Its sentences are short, and of the words that occurred often enough in its training: {words} of them."


def model_card(manifest: dict[str, Any]) -> str:
    """The model card of a pack, in Markdown."""
    size, scores, decoder = manifest["input"]["size"], manifest.get("scores", {}), manifest.get("decoder")
    parts = [
        f"# {manifest['name']}, version {manifest['version']}",
        f"Names what is in a photo{', and captions it in a sentence' if decoder else ''}. Made {manifest['created']}.",
        f"- Network: {manifest['provenance']}\n"
        f"- Input: {size} x {size} pixels, {manifest['input']['crop']}; weights and activations of 8 bits\n"
        f"- Licence: {manifest['licence'] or 'that of the training data'}",
        "## Scores",
        _scores("Labels", scores),
        _scores("8 bits against float", manifest.get("agreement", {})),
    ]
    if decoder:
        parts += [_scores("Captions", decoder["scores"]), f"The decoder was trained on {decoder['provenance']}."]
    floor = scores.get("label_floor", "0.2 (not measured)")
    parts += ["## Limits", SEES.format(classes=manifest["classes"], floor=floor)]
    if decoder:
        parts.append(SENTENCES.format(words=decoder["words"]))
    if manifest.get("repeat"):
        parts += ["## How to repeat", f"    {manifest['repeat']}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(scores: dict[str, Any]) -> str:
    """Scores as a table in Markdown."""
    names = [name for name in NAMES if name in scores]
    head, line = " | ".join(NAMES[name] for name in names), " | ".join("---:" for _ in names)
    return f"| {head} |\n| {line} |\n| {' | '.join(str(scores[name]) for name in names)} |"


def _scores(of: str, scores: dict[str, Any]) -> str:
    if not scores:
        return f"{of}: not measured."
    data = f", on {scores['data']}" if scores.get("data") else ""
    return f"{of}{data}:\n\n{table(scores)}"
