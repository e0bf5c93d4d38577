from __future__ import annotations

import pytest

from benchmarks import prices, scale
from tests.unit.benchmarks.reports import report

MEASURED = scale.Measured(report())


def number(text: str) -> float:
    return float(text.replace(",", "").split()[-1])


def test_every_table_has_its_place_and_is_written_twice_alike() -> None:
    page = "".join(f"<!-- table: {name} -->\n<!-- end -->\n" for name in scale.TABLES)
    once = scale.with_tables(page, report())
    assert once.count("|---|") == 0
    assert once.count("| --- |") == len(scale.TABLES)
    assert scale.with_tables(once, report()) == once


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(AssertionError, match="lambda by memory"):
        scale.with_tables("# Costs\n", report())


def test_arm_is_cheaper_and_memory_makes_faster() -> None:
    rows = scale.lambda_by_memory(MEASURED)[2:]
    rates = [number(row[1]) for row in rows]
    assert rates == sorted(rates)
    assert all(number(row[2]) < number(row[3]) for row in rows)


def test_lambda_costs_what_its_time_costs() -> None:
    seconds = scale.Measured(report(100.0)).seconds(1769)
    assert seconds == pytest.approx(0.3, rel=0.15)  # three stages compute; the waiting goes on beside them
    expected = seconds * 1769 / 1024 * prices.LAMBDA_GB_SECOND["arm64"] * 1000
    assert number(scale.lambda_by_memory(scale.Measured(report(100.0)))[3][2]) == pytest.approx(expected, rel=0.01)


def test_a_thousand_photos_are_the_sum_of_their_parts() -> None:
    *parts, (_, together) = scale.thousand_photos(MEASURED)[2:]
    assert sum(number(dollars) for _, dollars in parts) == pytest.approx(number(together), rel=0.01)
    [writes] = [dollars for name, dollars in parts if "write units" in name]
    assert number(writes) == pytest.approx(50 * 1000 * 0.625e-6, rel=0.01)


def test_a_month_grows_with_the_photos_and_large_stores_get_cheaper() -> None:
    months = [number(row[-2]) for row in scale.by_month(MEASURED)[2:]]
    assert months[0] < months[1] < 10 * months[0] + 1
    assert months[1] < months[2] < 10 * months[1]


@pytest.mark.parametrize(("gigabytes", "dollars"), [(1, 0.023), (50_000, 1150), (50_001, 1150.022), (600_000, 13_150)])
def test_s3_has_steps(gigabytes: float, dollars: float) -> None:
    assert scale._s3_dollars(gigabytes) == pytest.approx(dollars)


def test_the_lowest_limit_comes_first() -> None:
    rows = scale.limits(MEASURED)[2:]
    rates = [number(row[0]) for row in rows]
    assert rates == sorted(rates)
    by_name = {row[1].partition(":")[0]: rate for row, rate in zip(rows, rates, strict=True)}
    assert by_name["a shard of label counts"] == 200
    assert by_name["the newest page of the timeline"] == 500
    assert by_name["a new table's 4,000 write units a second"] == 80
