"""Noise as a stochastic differential equation: dx = f(x, t) dt + g(t) dw, from data at t = 0 to noise at t = 1.

Every SDE here is linear, f(x, t) = c(t) x, so that x_t = a(t) x_0 + std(t) z with z ~ N(0, I) exactly. All schedule formulas
live in this package; the samplers use nothing but the methods of `SDE` and the `Levels` of its discretisation, so a new SDE is a
subclass and no more. One file an SDE: `ve`, `vp`, `sub_vp`, `schedule` (EDM's line, and a curve of one's own), `discrete_vp`.

| | drift | g(t) | a | std |
|---|---|---|---|---|
| VE | 0 | sigma sqrt(2 ln(smax/smin)) | 1 | sigma = smin (smax/smin)^t |
| VP | -beta x/2 | sqrt(beta) | e^L | sqrt(1 - e^2L) |
| sub-VP | -beta x/2 | sqrt(beta (1 - e^4L)) | e^L | 1 - e^2L |
| EDM | 0 | sqrt(2 sigma sigma') | 1 | sigma = smin + t (smax - smin) |

with beta = b0 + t (b1 - b0), L = -t^2 (b1 - b0)/4 - t b0/2. In EDM's view each is a schedule `sigma(t)` = std/a with a scale a(t).

Source: Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations", section 3.4 and appendix C.
"""

from scoreviz.maths.sde.base import SDE, Levels
from scoreviz.maths.sde.build import build_sde
from scoreviz.maths.sde.discrete_vp import DiscreteVPSDE
from scoreviz.maths.sde.elementary import Time, expand_as, log
from scoreviz.maths.sde.schedule import EDMSDE, CustomSDE, ScheduleSDE
from scoreviz.maths.sde.sub_vp import SubVPSDE
from scoreviz.maths.sde.ve import VESDE
from scoreviz.maths.sde.vp import VPSDE, LinearBetaSDE

__all__ = [
    "EDMSDE",
    "SDE",
    "VESDE",
    "VPSDE",
    "CustomSDE",
    "DiscreteVPSDE",
    "Levels",
    "LinearBetaSDE",
    "ScheduleSDE",
    "SubVPSDE",
    "Time",
    "build_sde",
    "expand_as",
    "log",
]
