"""What is on screen, to be taken elsewhere: the run's points (NPZ, CSV), the figures of the training (CSV), the network (safetensors)."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from scoreviz.gui.playback import STAGES, Playback, Run
from scoreviz.gui.progress import Curve, Progress
from scoreviz.gui.questions import Questions
from scoreviz.protocol.questions import AskWeights, Weights
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import write_atomically
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.text import QT_TRANSLATE_NOOP

AXES = ("x", "y", "z")
MOST_ROWS = 5_000_000
"""Of a CSV: beyond it nobody's spreadsheet opens it, and NPZ is the form."""


def trajectory_npz(run: Run) -> bytes:
    """frames (m, n, D) float32 and, for each, t, sigma, log_snr, stage and substep; label, axis, source as text."""
    out = io.BytesIO()
    arrays = {
        "frames": np.stack(run.frames), "t": run.t, "sigma": run.sigma, "log_snr": run.log_snr, "substep": run.substep,
        "stage": np.array([STAGES[s] for s in run.stage]),
    }  # fmt: skip
    facts = {"label": run.label, "noise": run.noise, "axis": run.axis, "source": run.source, "nfe": run.nfe}
    if run.training_step is not None:
        facts["training_step"] = run.training_step
    if run.distance is not None and run.distance_floor is not None:
        arrays["distance"], arrays["distance_floor"] = np.asarray(run.distance), np.asarray(run.distance_floor)
    np.savez_compressed(out, allow_pickle=False, **arrays, **{name: np.asarray(value) for name, value in facts.items()})
    return out.getvalue()


def trajectory_csv(run: Run) -> bytes:
    """One row a point of a frame: frame, substep, stage, t, sigma, particle, x, y, z. SceneError where that is more than 5 million rows."""
    count, dim = run.frames[0].shape
    if len(run.frames) * count > MOST_ROWS:
        template = QT_TRANSLATE_NOOP("errors", "This run has {rows} rows, more than a table can be opened with. Export it as NPZ.")
        raise SceneError(template, rows=f"{len(run.frames) * count:,}")
    import csv  # not before it is wanted: the first paint does without

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["frame", "substep", "stage", "t", "sigma", "particle", *AXES[:dim]])
    for k, frame in enumerate(run.frames):
        head = [k, int(run.substep[k]), STAGES[run.stage[k]], f"{run.t[k]:.9g}", f"{run.sigma[k]:.9g}"]
        writer.writerows([*head, i, *(f"{value:.9g}" for value in point)] for i, point in enumerate(frame.tolist()))
    return out.getvalue().encode()


def figures_csv(progress: Progress, run: Run | None) -> bytes:
    """One row a point of a curve: curve, training step, value, floor; and one for the run on screen."""
    import csv  # not before it is wanted: the first paint does without

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["figure", "training_step", "value", "floor"])
    floor = "" if progress.distance_floor is None else f"{progress.distance_floor[0]:.9g}"
    loss_floor = "" if progress.loss_floor is None else f"{progress.loss_floor:.9g}"
    curves: list[tuple[str, Curve, str, int]] = [
        ("loss", progress.loss, loss_floor, progress.loss_floor_since),
        ("distance", progress.distance, floor, progress.distance_floor_since),
    ]
    for name, curve, its_floor, since in curves:
        rows = zip(curve.step, curve.value, strict=True)
        writer.writerows([name, step, f"{value:.9g}", its_floor if step >= since else ""] for step, value in rows)
    if run is not None and run.distance is not None:
        step = "" if run.training_step is None else run.training_step
        writer.writerow(["distance of the run on screen", step, f"{run.distance:.9g}", floor])
        writer.writerow(["evaluations of the run on screen", step, run.nfe, ""])
    return out.getvalue().encode()


class Exporting(QObject):
    """Asks where to, writes, and says so: told(sentence)."""

    told = Signal(str)

    def __init__(self, playback: Playback[Run], progress: Progress, questions: Questions, window: QWidget) -> None:
        super().__init__(window)
        self._playback, self._progress, self._window = playback, progress, window
        self._path: Path | None = None
        self._weights = questions.inquiry("export.weights", depends=Invalidates.NOTHING)
        self._weights.answered.connect(self._write_weights)
        self._weights.refused.connect(lambda text, _details: self._say(text))

    def trajectory(self, path: Path | None = None) -> None:
        """The points of every frame of the run on screen, as NPZ or CSV by the suffix."""
        run = self._playback.run
        if run is None or not run.frames:
            self.told.emit(self.tr("Nothing has been sampled yet, so there is no trajectory to export."))
            return
        if path is None and (path := self._ask(self.tr("Export the trajectory"), "trajectory.npz", "NumPy (*.npz);;CSV (*.csv)")) is None:
            return
        self._write(path, lambda: trajectory_csv(run) if path.suffix == ".csv" else trajectory_npz(run))

    def figures(self, path: Path | None = None) -> None:
        """Loss, distance and their floors, as CSV."""
        if path is None and (path := self._ask(self.tr("Export the figures"), "figures.csv", "CSV (*.csv)")) is None:
            return
        self._write(path, lambda: figures_csv(self._progress, self._playback.run))

    def weights(self, path: Path | None = None) -> None:
        """The network on screen, averaged, as safetensors; the engine is asked for it."""
        if (
            path is None
            and (path := self._ask(self.tr("Export the network"), "network.safetensors", "safetensors (*.safetensors)")) is None
        ):
            return
        self._path = path
        self._weights.ask(None)
        self._weights.ask(AskWeights())

    def _write_weights(self, answer: Weights) -> None:
        self._weights.ask(None)
        path, self._path = self._path, None
        if path is None:
            return

        def data() -> bytes:
            from safetensors.numpy import save

            return save({name: array.numpy() for name, array in answer.tensors.items()}, metadata=answer.metadata)

        self._write(path, data)

    def _say(self, text: str) -> None:
        self._weights.ask(None)
        self.told.emit(text)

    def _ask(self, title: str, name: str, filters: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, str(Path.home() / name), filters)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(Path(name).suffix)

    def _write(self, path: Path, data: Callable[[], bytes]) -> None:
        try:
            contents = data()
            write_atomically(path, contents)
        except SceneError as error:
            self.told.emit(str(error))
            return
        self.told.emit(self.tr("Exported: {path}, {size} KB.").format(path=path, size=f"{len(contents) / 1024:,.0f}"))
