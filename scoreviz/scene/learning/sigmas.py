"""How often each noise level is trained."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_NEXT = Invalidates.TRAINING

P_MEAN = param(
    QT_TRANSLATE_NOOP("scene", "mean of ln σ"), QT_TRANSLATE_NOOP("scene", "The median level is its exponential. EDM: −1.2."),
    invalidates=_NEXT, ge=-5.0, le=5.0, advanced=True,
)  # fmt: skip
P_STD = param(
    QT_TRANSLATE_NOOP("scene", "std of ln σ"), QT_TRANSLATE_NOOP("scene", "How widely the levels are spread. EDM: 1.2."),
    invalidates=_NEXT, ge=0.1, le=5.0, advanced=True,
)  # fmt: skip


class SigmaSpec(Choice):
    """The law from which the noise level of a sample is drawn."""

    __slots__ = ()
    FAMILY = "law of noise levels"


class LogUniformSigma(Spec, SigmaSpec, tag="log_uniform", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "log-uniform in σ")
    HELP = QT_TRANSLATE_NOOP("scene", "Every factor of σ as often, from the least to the largest.")
    RULE = "ln σ ∼ U(ln σ_min, ln σ_max)"
    SOURCE = QT_TRANSLATE_NOOP("scene", "NCSN's geometric ladder, without gaps: Song & Ermon 2019, section 4.1.")


class UniformTimeSigma(Spec, SigmaSpec, tag="uniform_t", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "uniform in t")
    HELP = QT_TRANSLATE_NOOP("scene", "Every t as often: what the likelihood weighting is made for.")
    RULE = "t ∼ U(t_min, 1),  σ = σ(t)"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 7.")


class LogNormalSigma(Spec, SigmaSpec, tag="log_normal", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "log-normal in σ")
    HELP = QT_TRANSLATE_NOOP("scene", "Most often near one level, within the range of the noise.")
    RULE = "ln σ ∼ N(P_mean, P_std²)"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, table 1.")
    p_mean: Annotated[float, P_MEAN] = -1.2
    p_std: Annotated[float, P_STD] = 1.2


class OneSigma(Spec, SigmaSpec, tag="one", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "one σ")
    HELP = QT_TRANSLATE_NOOP("scene", "A single level: the score of the data blurred by σ is learned, and of nothing else.")
    RULE = QT_TRANSLATE_NOOP("scene", "σ the same for every sample")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Vincent 2011.")
    sigma: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "σ"), QT_TRANSLATE_NOOP("scene", "The one noise level that is trained."),
            invalidates=_NEXT, ge=0.001, le=50.0, scale="log",
        ),
    ] = 0.3  # fmt: skip
