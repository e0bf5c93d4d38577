from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import everything, scale
from benchmarks.report import BEGIN, END, Figure, Report, machine, measured, ratio, with_figures
from tests.unit.benchmarks.reports import report


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    everything.write(report(), tmp_path)
    assert Report.read(tmp_path / "bench.json") == report()


def test_each_plot_is_svg_that_the_page_shows(tmp_path: Path) -> None:
    everything.write(report(), tmp_path)
    text = (tmp_path / "bench.md").read_text()
    plots = {path.name for path in tmp_path.glob("*.svg")}
    assert plots == {"bench-runtimes.svg", "bench-stages.svg", "bench-list.svg"}
    for name in plots:
        assert f"]({name})" in text
        drawing = (tmp_path / name).read_text()
        assert ET.fromstring(drawing).tag.endswith("svg")
        assert "<script" not in drawing


def test_the_page_names_machine_figures_and_what_is_missing() -> None:
    text = report().to_markdown()
    assert "2 cores of Abacus" in text
    assert "| LiteRT | 5.00 ms | 10 | times faster than Keras predict |" in text
    assert "One is missing." in text


def test_the_readme_gets_the_figures_that_are_its_own() -> None:
    text = with_figures(f"# Us\n{BEGIN}\nold\n{END}\n## Next\n", report())
    assert text.startswith("# Us\n")
    assert text.endswith("## Next\n")
    assert "old" not in text
    assert "| 8 megapixels, all stages | 120 ms |" in text
    assert "8 megapixels: decode" not in text
    assert with_figures(text, report()) == text


def test_a_readme_without_marks_stays_as_it_is() -> None:
    assert with_figures("# Us\n", report()) == "# Us\n"


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234 ms"), (57.25, "57.2 ms"), (3.14159, "3.14 ms"), (0.02, "0.02 ms")]
)
def test_measured_shows_three_digits(value: float, text: str) -> None:
    assert measured(Figure("it", value, "ms")) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.5, "0.50"), (17.8, "18")])
def test_ratio(value: float | None, text: str) -> None:
    assert ratio(Figure("it", 1, "ms", value)) == text


def test_machine_names_what_decides_the_figures() -> None:
    found = machine()
    assert found["cores"] >= 1
    assert found["processor"]
    assert found["packages"]["numpy"]


def test_what_is_published_is_of_one_report() -> None:
    """docs/bench.md, docs/scale.md and README.md say what docs/bench.json says."""
    found = Report.read(everything.DOCS / "bench.json")
    assert (everything.DOCS / "bench.md").read_text() == found.to_markdown()
    for path, text in (
        (everything.README, with_figures(everything.README.read_text(), found)),
        (scale.PAGE, scale.with_tables(scale.PAGE.read_text(), found)),
    ):
        assert path.read_text() == text, "publish it: scripts/bench all --publish"
