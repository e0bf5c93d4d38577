"""Training runs in MLflow's books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from commands.tracking import tracked


@dataclass(frozen=True)
class Settings:
    epochs: int = 3
    rate: float = 0.1


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a training run."""
    return tmp_path / "runs" / "first"


def client_of(store: Path) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{store}/mlflow.db")


def runs_in(store: Path) -> list[Run]:
    client = client_of(store)
    experiment = client.get_experiment_by_name("decoder")
    return list(client.search_runs([experiment.experiment_id]))


def history(store: Path, run: Run, metric: str) -> list[tuple[int, float]]:
    return [(one.step, one.value) for one in client_of(store).get_metric_history(run.info.run_id, metric)]


def learn(store: Path | None, out: Path, epochs: Iterator[int] | range, settings: Settings | None = None) -> list[int]:
    """What a training run of two steps an epoch tells, until it is through or fails; the epochs that were told of."""
    told: list[int] = []
    with tracked(store, out, "decoder", settings or Settings(), data=Path("photos")) as tracker:
        report = tracker.by_epoch(lambda epoch, step, scores: told.append(epoch), 2)
        for epoch in epochs:
            report(epoch, 0, {"loss": 9.0})
            report(epoch, 1, {"loss": 1 / (epoch + 1)})
            report(epoch, 1, {"loss": 1 / (epoch + 1), "cider": epoch / 10})
        summary = out / "decoder.json"
        out.mkdir(parents=True, exist_ok=True)
        summary.write_text(json.dumps({"best": 1}))
        tracker.finish({"cider": 0.2}, summary)
    return told


def test_a_run_is_noted_with_settings_scores_and_summary(store: Path, out: Path, tmp_path: Path) -> None:
    assert learn(store, out, range(3)) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    [run] = runs_in(store)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "first"
    assert run.data.params == {"epochs": "3", "rate": "0.1", "data": "photos"}
    assert history(store, run, "loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert history(store, run, "cider") == [(0, 0.0), (1, 0.1), (2, 0.2)]
    assert run.data.metrics["final_cider"] == 0.2
    kept = client_of(store).download_artifacts(run.info.run_id, "decoder.json", str(tmp_path))
    assert json.loads(Path(kept).read_text()) == {"best": 1}


def test_a_run_that_was_ended_goes_on_as_the_same(store: Path, out: Path) -> None:
    def until_it_is_ended() -> Iterator[int]:
        yield from range(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(store, out, until_it_is_ended())
    [run] = runs_in(store)
    assert run.info.status == "KILLED"
    learn(store, out, range(1, 4), Settings(epochs=4))  # the second epoch was not kept, and there is one more
    [run] = runs_in(store)
    assert run.info.status == "FINISHED"
    assert [step for step, _ in history(store, run, "loss")] == [0, 1, 2, 3]
    assert run.data.params["epochs"] == "3", "what it was begun with"


def test_a_failure_is_called_one(store: Path, out: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        learn(store, out, (1 // zero for zero in (1, 0)))
    assert [run.info.status for run in runs_in(store)] == ["FAILED"]


def test_another_store_gets_a_run_of_its_own(store: Path, out: Path, tmp_path: Path) -> None:
    learn(store, out, range(1))
    learn(tmp_path / "other", out, range(1))
    assert len(runs_in(store)) == len(runs_in(tmp_path / "other")) == 1


def test_unless_asked_nothing_is_noted(out: Path, tmp_path: Path) -> None:
    assert learn(None, out, range(1)) == [0, 0, 0]
    assert {path.name for path in tmp_path.rglob("*")} == {"runs", "first", "decoder.json"}
