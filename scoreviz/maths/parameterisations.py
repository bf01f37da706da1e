"""What a network's output F stands for: one denoiser D(x, sigma) = c_skip(sigma) x + c_out(sigma) F(c_in x, ln(sigma)/4) in several units.

  name   F is              c_skip               c_out                        score, by Tweedie
  edm    unit variance     sd^2/(sigma^2+sd^2)  sigma sd/sqrt(sigma^2+sd^2)  (D - x)/sigma^2
  score  sigma s           1                    sigma                        F/sigma, as in NCSNv2
  eps    E[z given x]      1                    -sigma                       -F/sigma
  x0     D/sd              0                    sd                           (sd F - x)/sigma^2
  v      a eps - std D     1/(1+sigma^2)        -sigma/sqrt(1+sigma^2)       -(a F + std a x)/sigma

x = x_0 + sigma z is in VE units; sd is sigma_data; a = 1/sqrt(1+sigma^2) and std = a sigma are the VP units of v. c_in is
1/sqrt(sigma^2+sd^2) for all: inputs of unit variance. (NCSNv2 feeds x as it is and leaves scaling to normalising layers, which a
multilayer perceptron has not.)
Sources: Karras et al. 2022, table 1; Song & Ermon 2020; Ho et al. 2020; Salimans & Ho 2022, appendix D.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor


class Parameterisation(ABC):
    """One row of the table. Methods take sigma, c_in and points that broadcast against each other, e.g. (B, 1), (B, 1) and (B, D)."""

    name: str

    @abstractmethod
    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """The share of x in D."""

    @abstractmethod
    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """What F is multiplied by in D, in data units."""

    @abstractmethod
    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """(x_0 - c_skip x)/c_out, what F should be where D should be x_0, for x = x_0 + sigma z: without the cancellation."""

    def denoised(self, x: Tensor, scaled: Tensor, output: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """D from x, scaled = c_in x and output F."""
        return self.c_skip(sigma, sd) * x + self.c_out(sigma, sd) * output


class EDM(Parameterisation):
    """F has unit variance at every sigma."""

    name = "edm"

    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """sd^2/(sigma^2 + sd^2)."""
        return sd**2 / (sigma.square() + sd**2)

    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """sigma sd/sqrt(sigma^2 + sd^2)."""
        return sigma * sd * (sigma.square() + sd**2).rsqrt()

    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """c_in (sigma/sd x_0 - sd z)."""
        return (x0 * (sigma / sd) - z * sd).mul_(c_in)

    def denoised(self, x: Tensor, scaled: Tensor, output: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """The same sum with c_in taken out: fewer passes over x."""
        return (sd * c_in) * (sd * scaled + sigma * output)


class ScaledScore(Parameterisation):
    """F = sigma s: the network's output is divided by sigma, as in NCSNv2."""

    name = "score"

    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """1."""
        return sigma.new_ones(())

    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """sigma."""
        return sigma

    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """-z."""
        return -z


class Eps(Parameterisation):
    """F = E[z | x], DDPM's."""

    name = "eps"

    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """1."""
        return sigma.new_ones(())

    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """-sigma."""
        return -sigma

    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """z."""
        return z.clone()


class X0(Parameterisation):
    """F = E[x_0 | x] in units of sd."""

    name = "x0"

    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """0."""
        return sigma.new_zeros(())

    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """sd."""
        return sigma.new_full((), sd)

    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """x_0/sd."""
        return x0 / sd


class Velocity(Parameterisation):
    """F = a eps - std x_0 with a = 1/sqrt(1+sigma^2), std = a sigma: the slope of x_t along the arc from data to noise."""

    name = "v"

    def c_skip(self, sigma: Tensor, sd: float) -> Tensor:
        """a^2."""
        return 1 / (1 + sigma.square())

    def c_out(self, sigma: Tensor, sd: float) -> Tensor:
        """-a sigma."""
        return -sigma * (1 + sigma.square()).rsqrt()

    def aim(self, x0: Tensor, z: Tensor, sigma: Tensor, c_in: Tensor, sd: float) -> Tensor:
        """a (z - sigma x_0)."""
        return (z - sigma * x0).mul_((1 + sigma.square()).rsqrt())


PARAMETERISATIONS: dict[str, Parameterisation] = {kind.name: kind for kind in (EDM(), ScaledScore(), Eps(), X0(), Velocity())}
"""By name; the place in this order is what a snapshot keeps."""


def parameterisation(name: str) -> Parameterisation:
    """The row called `name`; ValueError for another."""
    if name not in PARAMETERISATIONS:
        raise ValueError(f"there is no parameterisation called “{name}”; known: {', '.join(PARAMETERISATIONS)}")
    return PARAMETERISATIONS[name]
