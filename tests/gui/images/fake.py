"""An engine that develops pictures without torch: the exact score of a few painted shapes, in numpy, substep by substep."""

from __future__ import annotations

from typing import Any

import numpy as np

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import (
    Card,
    Develop,
    Message,
    ModelLoading,
    ModelReady,
    PictureFrame,
    PicturesDone,
    PicturesStarted,
    Problem,
    Update,
)
from scoreviz.scene.images import Images
from tests.gui.test_session import FakeEngine

FACTS = (("pictures", "24"), ("size", "16 × 16, colour"), ("data's range", "0 to 1"), ("noise", "VE, σ 0.01 to 8"))


def shapes(count: int = 24, side: int = 16, seed: int = 3) -> np.ndarray:
    """(count, 3, side, side) discs and rings on white, values 0 to 1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / (side - 1) * 2 - 1
    out = np.ones((count, 3, side, side), np.float32)
    for picture in out:
        for _ in range(3):
            cx, cy = rng.uniform(-0.4, 0.4, 2)
            far = np.hypot(x - cx, y - cy)
            inside = (far < rng.uniform(0.3, 0.8)) & (far > rng.choice([0.0, 0.3]))
            picture[:, inside] = rng.uniform(0, 1, (3, 1))
    return out


class PicturesEngine(FakeEngine):
    """FakeEngine that also has a model and a run. `develop()` answers the newest wish; nothing happens by itself."""

    def __init__(self, data: np.ndarray | None = None, *, steps: int = 20, sigma_max: float = 8.0, seconds: float = 0.001) -> None:
        super().__init__()
        self.data = shapes() if data is None else data
        self.steps, self.sigma_max, self.seconds = steps, sigma_max, seconds
        self.run = 0
        self.computed = 0  # substeps

    def load(self, revision: int | None = None, **changes: object) -> None:
        """A model is read."""
        revision = self.of(Update)[-1].revision if revision is None else revision
        b, c, h, w = self.data.shape
        card = Card(
            name="shapes", family="picture set", summary="This score is exact for the {count} stored pictures.",
            params={"count": "24"}, facts=FACTS, shape=(c, h, w), low=0.0, high=1.0, sigma_max=self.sigma_max, clip=False, stored=b,
        )  # fmt: skip
        self.received.emit(ModelLoading(revision=revision, name="shapes"))
        self.received.emit(ModelReady(revision=revision, card=card))

    def start_run(self, images: Images | None = None, revision: int | None = None) -> None:
        """corrector, predictor, ..., denoise, as many as `steps` says."""
        images = images or Images()
        self.run += 1
        self.images = images
        levels = self.sigma_max * (0.01 / self.sigma_max) ** np.linspace(0, 1, self.steps)
        self.plan: list[tuple[int, float, float]] = []  # stage, sigma from, sigma to
        for k, sigma in enumerate(levels):
            below = levels[k + 1] if k + 1 < len(levels) else 0.0
            self.plan += [(2, sigma, sigma), (1, sigma, below)]
        self.plan.append((3, 0.0, 0.0))
        self.std = np.array([levels[0], *(to for _, _, to in self.plan)])
        t = np.linspace(1, 0, len(self.std))
        self.states: dict[int, np.ndarray] = {}
        self.received.emit(
            PicturesStarted(
                run=self.run, revision=self.of(Update)[-1].revision if revision is None else revision, label="predictor–corrector",
                axis="reverse", noise="VE", shape=(images.count, *self.data.shape[1:]), low=0.0, high=1.0,
                stage=Array.of(np.array([0, *(s for s, _, _ in self.plan)], np.uint8)), t=Array.of(t), sigma=Array.of(self.std),
                std=Array.of(self.std), mean_coefficient=Array.of(np.ones_like(t)),
                log_snr=Array.of(-2 * np.log(np.maximum(self.std, 1e-9))),
                seeing="Blue substeps predict along the reverse SDE, red ones correct by Langevin at the same noise level.",
            )
        )  # fmt: skip

    def develop(self, most: int = 10**6) -> list[int]:
        """Answer the newest wish, at most so many frames of it; which frames were sent."""
        wishes = self.of(Develop)
        if not wishes or wishes[-1].run != self.run:
            return []
        wish = wishes[-1]
        self.sent = [m for m in self.sent if not isinstance(m, Develop)]
        todo = list(range(wish.first, min(wish.last, len(self.plan)) + 1))
        for k in todo[:most]:
            self.received.emit(self.frame(k))
            if k == len(self.plan):
                self.received.emit(PicturesDone(run=self.run, nfe=k - 1, seconds=1.0, nearest=0.00043))
        if todo[most:] and not self.of(Develop):
            self.sent.append(Develop(run=wish.run, first=todo[most], last=wish.last))
        return todo[:most]

    def frame(self, k: int) -> PictureFrame:
        """Frame k: the same bytes whenever it is asked for."""
        x = self.state(k)
        if k == 0:
            return PictureFrame(run=self.run, index=0, x=Array.of(x), nfe=0, seconds=0.0, evaluation_seconds=0.0)
        stage, sigma, _ = self.plan[k - 1]
        before = self.state(k - 1)
        update, nfe = Array.of((x - before).astype(np.float16)), min(k, len(self.plan) - 1)
        parts: dict[str, Any] = {"run": self.run, "index": k, "x": Array.of(x), "update": update, "nfe": nfe}
        if stage == 3:
            return PictureFrame(**parts, seconds=0.0, evaluation_seconds=0.0)
        mean = self.posterior_mean(before, sigma)
        score = (mean - before) / sigma
        return PictureFrame(
            **parts, x0=Array.of(mean.astype(np.float16)), score=Array.of(score.astype(np.float16)),
            step_size=0.0123 * sigma if stage == 2 else None, snr=0.158, evaluations=1, seconds=self.seconds * 1.1,
            evaluation_seconds=self.seconds,
        )  # fmt: skip

    def state(self, k: int) -> np.ndarray:
        """The state after substep k, from the nearest one before that is kept."""
        if k in self.states:
            return self.states[k]
        noise = np.random.default_rng((self.images.seed, k)).standard_normal((self.images.count, *self.data.shape[1:])).astype(np.float32)
        if k == 0:
            x = 0.5 + self.sigma_max * noise
        else:
            self.computed += 1
            stage, sigma, to = self.plan[k - 1]
            before = self.state(k - 1)
            mean = self.posterior_mean(before, sigma) if sigma else before
            if stage == 1:
                x = before + (1 - (to / sigma) ** 2) * (mean - before) + np.sqrt(max(sigma**2 - to**2, 0)) * (to / sigma) * noise
            elif stage == 2:
                x = before + 0.05 * (mean - before) + np.sqrt(0.1) * sigma * 0.98 * noise
            else:
                x = np.clip(before, 0, 1)
        self.states[k] = x.astype(np.float32)
        return self.states[k]

    def posterior_mean(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """E[x_0 | x]: the stored pictures, weighed by how near they are."""
        flat, stored = x.reshape(len(x), -1), self.data.reshape(len(self.data), -1)
        far = ((flat[:, None] - stored[None]) ** 2).sum(-1) / (2 * sigma**2)
        weights = np.exp(far.min(1, keepdims=True) - far)
        return ((weights / weights.sum(1, keepdims=True)) @ stored).reshape(x.shape).astype(np.float32)

    def fails(self, template: str = "The pictures flew off to infinity at substep {step}.", **params: str) -> Message:
        """A problem of the tab."""
        problem = Problem(where="pictures", template=template, params=params)
        self.received.emit(problem)
        return problem
