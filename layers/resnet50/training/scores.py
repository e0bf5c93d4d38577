"""How good captions are, by the scores that papers give: pycocoevalcap's BLEU, ROUGE-L and CIDEr.

Both sides are compared as words without case and punctuation (captionary.words.tokenise), where the
original puts a Java program. METEOR is a Java program itself and left out; ROUGE-L stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import sacrebleu
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from captionary.words import tokenise


def bleu_and_cider(found: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """Scores of N captions against the references of each.

    Returns: `bleu1` to `bleu4` (0 to 100; Papineni et al. 2002), `rouge` (0 to 1; Lin 2004), `cider`
        (0 to 10; CIDEr-D of Vedantam et al. 2015, whose tables show a hundred times as much).
    """
    wanted = {i: [_words(caption) for caption in own] for i, own in enumerate(references)}
    given = {i: [_words(caption)] for i, caption in enumerate(found)}
    bleu, _ = Bleu(4).compute_score(wanted, given, verbose=0)
    rouge, _ = Rouge().compute_score(wanted, given)
    cider, _ = Cider().compute_score(wanted, given)
    return {
        **{f"bleu{n + 1}": round(100 * float(score), 2) for n, score in enumerate(bleu)},
        "rouge": round(float(rouge), 4),
        "cider": round(float(cider), 4),
    }


def sacre_bleu(found: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU-4 (0 to 100) of N captions by sacrebleu, of the same words and without smoothing: a check of `bleu4`."""
    columns = zip_longest(*([_words(caption) for caption in own] for own in references))
    given = [_words(caption) for caption in found]
    score = sacrebleu.corpus_bleu(given, [list(one) for one in columns], smooth_method="none", tokenize="none")
    return round(score.score, 2)


def _words(caption: str) -> str:
    return " ".join(tokenise(caption))
