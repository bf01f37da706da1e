"""What theory says of diffusion, exactly, on laws whose every noised density is known: numbers and laws ready to be drawn.

| module | what |
|---|---|
| `kernels` | q(x_t|x_s) in one jump; q(x_s|x_t, x_0), DDPM's mu~ and beta~, for any two times |
| `backward` | the exact p(x_s|x_t) beside the Gaussian of a reverse step, and their total variation |
| `bound` | the variational bound as a ledger against log p |
| `spread` | total variance against t, signal to noise of each level |
| `floors` | the loss that no network can go below, at each level |
"""

from scoreviz.maths.theory.backward import BackwardView, backward_kernel, backward_view, reverse_gaussian, total_variation
from scoreviz.maths.theory.bound import Ledger, bound_ledger
from scoreviz.maths.theory.floors import Floors, floor_curve, posterior_trace_expectation
from scoreviz.maths.theory.kernels import DataPosterior, Jump, data_posterior, jump
from scoreviz.maths.theory.spread import SignalToNoise, signal_to_noise, total_variance

__all__ = [
    "BackwardView",
    "DataPosterior",
    "Floors",
    "Jump",
    "Ledger",
    "SignalToNoise",
    "backward_kernel",
    "backward_view",
    "bound_ledger",
    "data_posterior",
    "floor_curve",
    "jump",
    "posterior_trace_expectation",
    "reverse_gaussian",
    "signal_to_noise",
    "total_variance",
    "total_variation",
]
