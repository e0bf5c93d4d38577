from __future__ import annotations

import pytest

from benchmarks.simulation import MB_PER_PROCESSOR, Step, batch_seconds, contention

COMPUTE, WAIT = Step(0.1, computes=True), Step(0.1, computes=False)
ALONE = Step(0.1, computes=True, alone=True)


@pytest.mark.parametrize(
    ("photos", "memory", "seconds"),
    [
        pytest.param([[COMPUTE]], MB_PER_PROCESSOR, 0.1, id="one photo, a whole processor"),
        pytest.param([[COMPUTE]], MB_PER_PROCESSOR // 2, 0.2, id="half a processor"),
        pytest.param([[COMPUTE]], 4 * MB_PER_PROCESSOR, 0.1, id="one thread uses no more than one"),
        pytest.param([[COMPUTE], [COMPUTE]], MB_PER_PROCESSOR, 0.2, id="two photos share one"),
        pytest.param([[COMPUTE], [COMPUTE]], 2 * MB_PER_PROCESSOR, 0.1, id="two photos with one each"),
        pytest.param([[WAIT], [WAIT]], 128, 0.1, id="waiting takes no processor"),
        pytest.param([[WAIT], [WAIT], [WAIT]], MB_PER_PROCESSOR, 0.2, id="two in hand at a time"),
        pytest.param([[WAIT, COMPUTE], [COMPUTE, WAIT]], MB_PER_PROCESSOR, 0.2, id="one waits while one computes"),
        pytest.param([[ALONE], [ALONE]], 2 * MB_PER_PROCESSOR, 0.2, id="one at a time"),
        pytest.param([[ALONE, WAIT], [WAIT, ALONE]], MB_PER_PROCESSOR, 0.2, id="one waits while one is alone"),
        pytest.param([], MB_PER_PROCESSOR, 0.0, id="nothing to do"),
    ],
)
def test_batch_seconds(photos: list[list[Step]], memory: int, seconds: float) -> None:
    assert batch_seconds(photos, memory) == pytest.approx(seconds, rel=0.01)


def test_transactions_without_a_common_item_never_meet() -> None:
    found = contention(1000, [], 0.015, photos=500)
    assert (found.attempts, found.gave_up) == (1.0, 0.0)


def test_few_photos_seldom_meet_and_many_do() -> None:
    few, many = (contention(rate, [0.5, 0.1], 0.015, photos=1000) for rate in (1, 60))
    assert few.attempts < 1.05
    assert many.attempts > few.attempts
    assert many.gave_up < 0.01


def test_more_than_an_item_can_take_gives_up() -> None:
    assert contention(1000, [1.0], 0.015, photos=1000).gave_up > 0.5
