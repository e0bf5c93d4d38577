"""Training runs in MLflow's books, for those who ask: in a folder, without a server.

FOLDER/mlflow.db     settings, and scores by epoch    mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db
FOLDER/artifacts     summaries of the runs
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from resnet50.training.encoder import Report

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_ID = "mlflow-run.txt"  # in a run's folder: which of MLflow's runs it is

option = click.option(
    "--mlflow",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep settings and scores in an MLflow store here.",
)


class Tracker:
    """Takes note of a training run; this one, of nothing."""

    def by_epoch(self, report: Report, steps: int, prefix: str = "") -> Report:
        """A report that does as `report`, and notes what is said at the end of each epoch of so many steps."""
        return report

    def finish(self, scores: dict[str, float], summary: Path) -> None:
        """Note the final scores, and keep the run's summary."""


class MlflowTracker(Tracker):
    """Notes it in MLflow."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        # Of a run that was killed, the last epoch may be learnt again.
        self._noted = {
            name: max(metric.step for metric in client.get_metric_history(run_id, name))
            for name in client.get_run(run_id).data.metrics
        }

    def by_epoch(self, report: Report, steps: int, prefix: str = "") -> Report:
        """As described there; metrics are called as the scores, with the prefix."""

        def both(epoch: int, step: int, scores: dict[str, float]) -> None:
            report(epoch, step, scores)
            if step == steps - 1:
                self._note(epoch, {f"{prefix}{name}": float(value) for name, value in scores.items()})

        return both

    def finish(self, scores: dict[str, float], summary: Path) -> None:
        """As described there; metrics are called final_ and the score's name."""
        for name, value in scores.items():
            self._client.log_metric(self._run_id, f"final_{name}", float(value))
        self._client.log_artifact(self._run_id, str(summary))

    def _note(self, epoch: int, scores: dict[str, float]) -> None:
        for name, value in scores.items():
            if epoch > self._noted.get(name, -1):
                self._client.log_metric(self._run_id, name, value, step=epoch)
                self._noted[name] = epoch


@contextmanager
def tracked(store: Path | None, out: Path, kind: str, settings: Any, **about: Any) -> Iterator[Tracker]:
    """Take note of the training run in `out`, from now to the end of the block; without a store, of nothing.

    A run that was noted there before is gone on with, by the number that it left in `out`.

    Args:
        kind: of network; MLflow's experiment.
        settings: a dataclass; with `about`, the run's parameters.
    """
    if store is None:
        yield Tracker()
        return
    client = _open(store)
    run_id = _known_run(client, out) or _new_run(client, store, out, kind)
    known = client.get_run(run_id).data.params  # which MLflow lets nobody change
    for name, value in {**dataclasses.asdict(settings), **about}.items():
        if name not in known:
            client.log_param(run_id, name, value)
    client.update_run(run_id, status="RUNNING")
    status = "FAILED"
    try:
        yield MlflowTracker(client, run_id)
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        client.set_terminated(run_id, status)


def _open(store: Path) -> MlflowClient:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # which is read at the import
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # no word on the tables of a new database
    store.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=f"sqlite:///{store.resolve()}/mlflow.db")


def _known_run(client: MlflowClient, out: Path) -> str | None:
    from mlflow.exceptions import MlflowException

    path = out / RUN_ID
    if not path.is_file():
        return None
    try:
        return str(client.get_run(path.read_text().strip()).info.run_id)
    except MlflowException:  # it is of another store
        return None


def _new_run(client: MlflowClient, store: Path, out: Path, kind: str) -> str:
    experiment = client.get_experiment_by_name(kind)
    number = (
        experiment.experiment_id
        if experiment
        else client.create_experiment(kind, artifact_location=(store.resolve() / "artifacts" / kind).as_uri())
    )
    run_id = str(client.create_run(number, run_name=out.name).info.run_id)
    out.mkdir(parents=True, exist_ok=True)
    (out / RUN_ID).write_text(f"{run_id}\n")
    return run_id
