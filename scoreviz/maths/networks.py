"""The score network: a small multilayer perceptron F in D(x, sigma) = c_skip x + c_out F(c_in x, ln(sigma)/4).

`parameterisations` has the coefficients; the default, EDM's, gives inputs and targets unit variance at every sigma. Source: Karras et
al. 2022, table 1; random Fourier features: Tancik et al. 2020.

All weights are views of one flat vector, which is what the optimiser, the moving average and a snapshot handle. Small networks spend
more time in autograd's bookkeeping than in products, so inference runs in place and `gradients.py` has the backward pass by hand.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor

from scoreviz.maths.parameterisations import parameterisation
from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import Time, expand_as
from scoreviz.scene.learning import MLP

EMBEDDING = 9
"""Length of the embedding of ln(sigma)/4: itself, and sine and cosine of 4 octaves of it."""
BANDWIDTH = 2.0
"""Standard deviation of the frequencies of the Fourier features, in radians per standard deviation of the data."""

Labels = int | Tensor
"""Classes: one for all of a batch, or integers (B,); -1 stands for none."""


def activate(h: Tensor, in_place: bool = False) -> Tensor:
    """SiLU, h/(1 + exp(-h))."""
    return torch.nn.functional.silu(h, inplace=in_place)


class ScoreMLP:
    """F: [c_in x, sin and cos of `features` random projections of it, embedding of sigma, class] through `depth` layers of `width` units.

    `flat` (P,) holds every weight; `layers` are views of it: (matrix (inputs, outputs), bias (outputs,)). `frequencies` (D, features)
    and sigma_data are constants of the network, drawn or measured once when it is made. The class is a one-hot row of `classes`
    columns; all zero is the unconditional network. x may have any shape (B, *) of D = dim numbers a sample.
    """

    def __init__(
        self,
        dim: int,
        width: int,
        depth: int,
        features: int,
        sigma_data: float,
        generator: torch.Generator,
        *,
        predicts: str = "edm",
        classes: int = 0,
    ) -> None:
        """Draw the weights from `generator` alone: matrices N(0, 2/inputs), last layer and biases 0, so that D starts as c_skip x."""
        for name, value, least in (
            ("dim", dim, 1), ("width", width, 1), ("depth", depth, 1), ("features", features, 0), ("classes", classes, 0)
        ):  # fmt: skip
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if not 0 < sigma_data < math.inf:
            raise ValueError(f"sigma_data must be positive, got {sigma_data}")
        self.dim, self.width, self.depth, self.features, self.sigma_data = dim, width, depth, features, float(sigma_data)
        self.parameterisation, self.classes = parameterisation(predicts), classes
        device = generator.device
        self._octaves = torch.tensor([1.0, 2.0, 4.0, 8.0], device=device)
        self.frequencies = torch.randn(dim, features, generator=generator, device=device) * BANDWIDTH
        sizes = [dim + 2 * features + EMBEDDING + classes, *[width] * depth, self.outputs()]
        self.shapes = [(i, o) for i, o in pairwise(sizes)]
        self.flat = torch.zeros(sum((i + 1) * o for i, o in self.shapes), device=device)
        self.layers = self.views(self.flat)
        for matrix, _ in self.layers[:-1]:
            matrix.normal_(generator=generator).mul_(math.sqrt(2 / len(matrix)))

    def outputs(self) -> int:
        """Units of the last layer."""
        return self.dim

    def views(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(matrix, bias) of each layer as views of a vector of P numbers: weights, gradients and moments alike."""
        parts = iter(torch.split(flat, [n for i, o in self.shapes for n in (i * o, o)]))
        return [(next(parts).view(i, o), next(parts)) for i, o in self.shapes]

    def with_weights(self, flat: Tensor) -> Self:
        """The same architecture and constants over other weights (P,), which are shared, not copied; in their dtype, on their device."""
        if flat.shape != self.flat.shape:
            raise ValueError(f"this network has {len(self.flat)} weights, got {tuple(flat.shape)}")
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.flat, twin.layers, twin.frequencies = flat, twin.views(flat), self.frequencies.to(flat)
        return twin

    def embed(self, sigma: Tensor) -> Tensor:
        """(..., EMBEDDING) of sigma (...)."""
        c_noise = sigma.log()[..., None] / 4
        phase = c_noise * self._octaves.to(sigma)
        return torch.cat([c_noise, phase.sin(), phase.cos()], -1)

    def one_hot(self, labels: Labels, n: int) -> Tensor:
        """(n, classes) of `labels`, all zero where the label is -1; in the dtype of the weights."""
        if not self.classes:
            raise ValueError(f"this network knows no classes, got labels={labels if isinstance(labels, int) else labels.tolist()[:8]}")
        given = torch.as_tensor(labels, device=self.flat.device)
        if given.is_floating_point() or given.ndim > 1 or (given.ndim == 1 and len(given) != n):
            raise ValueError(f"labels must be an integer or integers ({n},), got {given.dtype} {tuple(given.shape)}")
        if bool((given < -1).any()) or bool((given >= self.classes).any()):
            wrong = sorted(set(given.flatten().tolist()))[:8]
            raise ValueError(f"this network knows the classes 0 to {self.classes - 1} (and -1 for none), got {wrong}")
        return (given.expand(n)[:, None] == torch.arange(self.classes, device=given.device)).to(self.flat)

    def c_in(self, sigma: Tensor) -> Tensor:
        """1/sqrt(sigma^2 + sd^2), shape of sigma."""
        return (sigma.square() + self.sigma_data**2).rsqrt()

    def denoiser(self, x: Tensor, sigma: Time, labels: Labels | None = None) -> Tensor:
        """E[x_0 | x_0 + sigma z = x], shape and dtype of x (B, *); sigma a float or (B,). Differentiable when autograd is on and needed.

        ValueError for another number of coordinates than `dim`, and for labels that the network does not know.
        """
        points = x if x.ndim == 2 else x.flatten(1)
        if points.shape[1] != self.dim:
            raise ValueError(f"this network denoises points of {self.dim} coordinates, got {tuple(x.shape)}")
        points = points.to(self.flat.dtype)
        level = torch.as_tensor(sigma, dtype=points.dtype, device=points.device)
        c_in = expand_as(self.c_in(level), points)
        scaled = points * c_in
        hot = None if labels is None else self.one_hot(labels, len(points))
        output = self.prediction(scaled, self.embed(level), hot)
        denoised = self.parameterisation.denoised(points, scaled, output, expand_as(level, points), c_in, self.sigma_data)
        return denoised.to(x.dtype).reshape(x.shape)

    def prediction(self, scaled: Tensor, embedding: Tensor, hot: Tensor | None) -> Tensor:
        """F (B, D) at scaled = c_in x. One sigma for all makes its embedding part of the first bias: a matrix product less per point."""
        h = self._first(scaled, embedding, hot)
        in_place = not (torch.is_grad_enabled() and h.requires_grad)
        for matrix, bias in self.layers[1:-1]:
            h = torch.addmm(bias, activate(h, in_place), matrix)
        matrix, bias = self.layers[-1]
        return torch.addmm(bias[:, None], matrix.T, activate(h, in_place).T).T  # thin products are 6 times faster this way round

    def _first(self, scaled: Tensor, embedding: Tensor, hot: Tensor | None) -> Tensor:
        """The first layer's pre-activations (B, width)."""
        first, bias = self.layers[0]
        phase = scaled @ self.frequencies
        h = torch.cat([scaled, phase.sin(), phase.cos()], 1)
        split = h.shape[1]
        own = bias + embedding @ first[split : split + EMBEDDING]
        if hot is not None:
            own = own + hot @ first[split + EMBEDDING :]
        return torch.addmm(own, h, first[:split])


class EnergyMLP(ScoreMLP):
    """F is the gradient of a scalar: F = grad_u Phi(u, sigma) at u = c_in x, Phi the perceptron with one output.

    The score is then -grad E of E(x, sigma) = ((1 - c_skip)|x|^2/2 - c_out/c_in Phi(c_in x, sigma))/sigma^2: a field without curl, and the
    log-density up to a constant of each sigma. Both passes are written with differentiable operations, so that inference needs
    no autograd and training one ordinary backward pass. Source: Salimans & Ho 2021, "Should EBMs model the energy or the score?".
    """

    def outputs(self) -> int:
        """One: Phi."""
        return 1

    def potential(self, scaled: Tensor, embedding: Tensor, hot: Tensor | None) -> Tensor:
        """Phi (B,)."""
        return super().prediction(scaled, embedding, hot)[:, 0]

    def prediction(self, scaled: Tensor, embedding: Tensor, hot: Tensor | None) -> Tensor:
        """F = grad Phi (B, D): the chain rule from the last layer to the first."""
        before = [self._first(scaled, embedding, hot)]
        for matrix, bias in self.layers[1:-1]:
            before.append(torch.addmm(bias, activate(before[-1]), matrix))
        g = self.layers[-1][0].T
        for (matrix, _), z in zip(reversed(self.layers[:-1]), reversed(before), strict=True):
            gate = torch.sigmoid(z)
            g = (g * (gate * (1 + z * (1 - gate)))) @ matrix.T
        d, f = self.dim, self.features
        phase = scaled @ self.frequencies
        waves = g[:, d : d + f] * phase.cos() - g[:, d + f : d + 2 * f] * phase.sin()
        return g[:, :d] + waves @ self.frequencies.T

    def log_density(self, x: Tensor, sigma: Time, labels: Labels | None = None) -> Tensor:
        """-E(x, sigma) in nats (B,), the log-density of x_0 + sigma z up to a constant of each sigma; its gradient is (D - x)/sigma^2."""
        points = x.flatten(1).to(self.flat.dtype)
        level = torch.as_tensor(sigma, dtype=points.dtype, device=points.device)
        c_in, sd = self.c_in(level), self.sigma_data
        hot = None if labels is None else self.one_hot(labels, len(points))
        potential = self.potential(points * expand_as(c_in, points), self.embed(level), hot)
        squares = points.square().sum(1) / 2
        skip, out = self.parameterisation.c_skip(level, sd), self.parameterisation.c_out(level, sd)
        return ((out / c_in * potential - (1 - skip) * squares) / level.square()).to(x.dtype)


@implements(MLP)
def _mlp(spec: MLP, dim: int, sigma_data: float, generator: torch.Generator) -> ScoreMLP:
    kind = EnergyMLP if spec.energy else ScoreMLP
    return kind(dim, spec.width, spec.depth, spec.features, sigma_data, generator, predicts=spec.parameterisation, classes=spec.classes)


def build_network(spec: object, dim: int, sigma_data: float, generator: torch.Generator) -> ScoreMLP:
    """A fresh network of a scene's spec."""
    network: ScoreMLP = implementation(spec)(spec, dim, sigma_data, generator)
    return network
