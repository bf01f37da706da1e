"""The figures that lines and panels show: their symbol in each notation, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from scoreviz.scene.notation import Notation
from scoreviz.scene.text import QT_TRANSLATE_NOOP


@dataclass(frozen=True)
class Figure:
    """A number with a name. ncsn, ddpm: its symbol there, where it is another than the SDE's. whole: it counts something."""

    sde: str
    help: str
    ncsn: str = ""
    ddpm: str = ""
    whole: bool = False

    def symbol(self, notation: Notation) -> str:
        """In the markup of lines."""
        return {"sde": self.sde, "ncsn": self.ncsn or self.sde, "ddpm": self.ddpm or self.sde}[notation]


_N = QT_TRANSLATE_NOOP
FIGURES: dict[str, Figure] = {
    "t": Figure("t", _N("scene", "time at which the substep begins")),
    "t1": Figure("t′", _N("scene", "time at which it ends")),
    "dt": Figure("Δt", _N("scene", "step of t")),
    "a": Figure("a", _N("scene", "share of the data in x: x = a x₀ + std z"), ddpm="√ᾱ_k"),
    "a1": Figure("a′", _N("scene", "the same at the end of the step"), ddpm="√ᾱ_{k−1}"),
    "abar": Figure("a²", _N("scene", "a², DDPM's ᾱ"), ddpm="ᾱ_k"),
    "abar1": Figure("a′²", _N("scene", "a², DDPM's ᾱ, at the end of the step"), ddpm="ᾱ_{k−1}"),
    "std": Figure("std", _N("scene", "standard deviation of the noise in x"), ncsn="σ_i", ddpm="√(1 − ᾱ_k)"),
    "std1": Figure("std′", _N("scene", "the same at the end of the step"), ncsn="σ_{i+1}", ddpm="√(1 − ᾱ_{k−1})"),
    "sigma": Figure("σ", _N("scene", "std/a"), ncsn="σ_i", ddpm="σ_k"),
    "sigma1": Figure("σ′", _N("scene", "std/a at the end of the step"), ncsn="σ_{i+1}", ddpm="σ_{k−1}"),
    "f": Figure("f/x", _N("scene", "coefficient of the drift, f(x, t) = c(t) x")),
    "g2": Figure("g²", _N("scene", "square of the diffusion coefficient g(t)"), ddpm="β(t)"),
    "c": Figure("c", _N("scene", "scale of the forward step, x = c x′ + G z"), ddpm="√α_k"),
    "G2": Figure("G²", _N("scene", "variance of the forward step, x = c x′ + G z"), ncsn="Δσ²", ddpm="β_k"),
    "shake": Figure("std z", _N("scene", "standard deviation of the noise that is added"), ddpm="√β̃_k"),
    "alpha": Figure("α", _N("scene", "share of the variance of the level below that is left, α_k"), ddpm="α_k"),
    "eps": Figure("ε", _N("scene", "size of the Langevin step, x + ε s + √(2ε) z; the mean where samples have their own")),
    "alpha_i": Figure("α_i", _N("scene", "size of the step at this level, as the step rule takes it")),
    "alpha_step": Figure("α", _N("scene", "size of the Langevin step, x + ½ α s + √α z")),
    "sigma_L": Figure("σ_L", _N("scene", "noise at the smallest level")),
    "r": Figure("r", _N("scene", "signal-to-noise ratio asked of a corrector step")),
    "i": Figure("i", _N("scene", "level, 1 the noisiest"), whole=True),
    "L": Figure("L", _N("scene", "number of levels"), whole=True),
    "j": Figure("j", _N("scene", "step at this level"), whole=True),
    "k": Figure("k", _N("scene", "steps that are left, this one included"), whole=True),
    "T": Figure("T", _N("scene", "number of steps"), whole=True),
    "m": Figure("m", _N("scene", "iteration"), whole=True),
    "h": Figure("h", _N("scene", "width of the step in ln σ")),
    "gap": Figure("h", _N("scene", "step of σ")),
    "step_h": Figure("h", _N("scene", "time step")),
    "gamma": Figure("γ", _N("scene", "friction")),
    "sigma_m": Figure("σ_m", _N("scene", "geometric mean of both σ")),
    "sigma_u": Figure("σ_u", _N("scene", "noise added anew")),
    "sigma_d": Figure("σ_d", _N("scene", "level to which the ODE is followed")),
    "v": Figure("v", _N("scene", "noise added anew, in units of x")),
    "eta": Figure("η", _N("scene", "share of the reverse SDE's noise")),
    "raised": Figure("σ_r", _N("scene", "level to which noise is added again")),
    "prior": Figure("std z", _N("scene", "standard deviation of the prior")),
    "w": Figure("w", _N("scene", "guidance")),
    "accepted": Figure("accepted", _N("scene", "share of the particles whose proposal was taken")),
    "step": Figure("n", _N("scene", "training steps so far"), whole=True),
    "batch": Figure("batch", _N("scene", "samples of each step"), whole=True),
    "sigma_low": Figure("σ_{min}", _N("scene", "least σ that is trained")),
    "sigma_high": Figure("σ_{max}", _N("scene", "largest σ that is trained")),
    "loss": Figure("mean ℓ", _N("scene", "mean loss of the last steps")),
    "floor": Figure("floor", _N("scene", "the loss that no network can beat")),
    "rate": Figure("lr", _N("scene", "step size of Adam now")),
    "ema": Figure("μ", _N("scene", "share of the average that is kept at this step")),
    "|s|": Figure("|s|", _N("scene", "mean length of the score")),
    "|z|": Figure("|z|", _N("scene", "mean length of the noise that was drawn")),
    "|drift|": Figure("|drift|", _N("scene", "mean length of the deterministic part of the step")),
    "|noise|": Figure("|noise|", _N("scene", "mean length of the random part of the step")),
    "|x0|": Figure("|D|", _N("scene", "mean length of Tweedie's estimate of the data")),
}  # fmt: skip
