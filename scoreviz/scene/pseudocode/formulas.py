"""The one formula that stands for a sampler, in LaTeX, in the notation that can say it: what a presentation shows large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoreviz.scene.notation import Notation, written_in
from scoreviz.scene.samplers import DDIM, Ancestral, AnnealedLangevin, Forward, Langevin, PredictorCorrector, ReverseDiffusion, ReverseSDE

S_I = r"s_\theta(\tilde{x}, \sigma_i)"
EPS_K = r"\epsilon_\theta(x_k, k)"
GAP = r"\left(\sigma_i^2 - \sigma_{i+1}^2\right)"


def formula(sampler: Any, noise: Any, wanted: Notation) -> str:
    """NCSN's or DDPM's own form where the noise has one and the sampler too; the spec's own formula otherwise."""
    notation, _why = written_in(wanted, noise)
    found = {"sde": _none, "ncsn": _ncsn, "ddpm": _ddpm}[notation](sampler)
    return found or str(sampler.formula())


def panes_formula(ways: Sequence[Any], wanted: Notation) -> str:
    """The rules of several ways of sampling (`sampler` and `noise`), each once, before it the numbers of the panes that follow it."""
    rules: dict[str, list[str]] = {}
    for number, way in enumerate(ways, start=1):
        rules.setdefault(formula(way.sampler, way.noise, wanted), []).append(str(number))
    return r"\qquad ".join(rf"\mathbf{{{','.join(numbers)}}}\;\; {rule}" for rule, numbers in rules.items())


def _none(_sampler: Any) -> str:
    return ""


def _steps(sampler: Any) -> bool:
    """Is it the reverse SDE with its noise and nothing else?"""
    return (isinstance(sampler, ReverseSDE) and sampler.noise) or (isinstance(sampler, PredictorCorrector) and sampler.corrector_steps == 0)


def _ncsn(sampler: Any) -> str:
    if isinstance(sampler, (Langevin, AnnealedLangevin)):
        own = r"\nabla_x \log p_{\sigma_i}(x)" if isinstance(sampler, AnnealedLangevin) else r"\nabla_x \log p_\sigma(x)"
        named = S_I if isinstance(sampler, AnnealedLangevin) else r"s_\theta(\tilde{x}, \sigma)"
        return sampler.formula().replace(own, named).replace(r"x \leftarrow x", r"\tilde{x} \leftarrow \tilde{x}")
    if isinstance(sampler, Forward):
        return r"\tilde{x} \leftarrow \tilde{x} + \sqrt{\sigma_{i+1}^2 - \sigma_i^2}\, z"
    if _steps(sampler) and isinstance(sampler.predictor, (ReverseDiffusion, Ancestral)):
        small = isinstance(sampler.predictor, Ancestral) and sampler.predictor.variance == "posterior"
        ratio = r"\frac{\sigma_{i+1}}{\sigma_i}\," if small else ""
        return rf"\tilde{{x}} \leftarrow \tilde{{x}} + {GAP}\, {S_I} + {ratio}\sqrt{{\sigma_i^2 - \sigma_{{i+1}}^2}}\, z"
    return ""


def _ddpm(sampler: Any) -> str:
    if isinstance(sampler, Forward):
        return r"x_k = \sqrt{1-\beta_k}\, x_{k-1} + \sqrt{\beta_k}\, z"
    if isinstance(sampler, DDIM):
        share = r" - v^2" if sampler.eta > 0 else ""
        shaken = r" + v\, z" if sampler.eta > 0 else ""
        return (
            r"x_{k-1} = \sqrt{\bar\alpha_{k-1}}\; \frac{x_k - \sqrt{1-\bar\alpha_k}\;" + EPS_K + r"}{\sqrt{\bar\alpha_k}} + "
            r"\sqrt{1-\bar\alpha_{k-1}" + share + r"}\; " + EPS_K + shaken
        )
    if _steps(sampler) and isinstance(sampler.predictor, Ancestral):
        noise = r"\tilde\beta_k" if sampler.predictor.variance == "posterior" else r"\beta_k"
        mean = r"x_{k-1} = \frac{1}{\sqrt{\alpha_k}}\left(x_k - \frac{\beta_k}{\sqrt{1-\bar\alpha_k}}\, " + EPS_K + r"\right)"
        return mean + rf" + \sqrt{{{noise}}}\, z"
    if _steps(sampler) and isinstance(sampler.predictor, ReverseDiffusion):
        return r"x_{k-1} = (2 - \sqrt{\alpha_k})\, x_k - \frac{\beta_k}{\sqrt{1-\bar\alpha_k}}\, " + EPS_K + r" + \sqrt{\beta_k}\, z"
    return ""
