"""The score network: a small multilayer perceptron, preconditioned so that its inputs and targets have unit variance at every sigma.

D(x, sigma) = c_skip x + c_out F(c_in x, ln(sigma)/4), with sd = sigma_data, c_in = 1/sqrt(sigma^2 + sd^2), c_skip = (sd c_in)^2,
c_out = sigma sd c_in. Source: Karras et al. 2022, table 1; random Fourier features: Tancik et al. 2020.

All weights are views of one flat vector, which is what the optimiser, the moving average and a snapshot handle. Small networks spend
more time in autograd's bookkeeping than in products, so inference runs in place and `gradients.py` has the backward pass by hand.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import Time, expand_as
from scoreviz.scene.learning import MLP

EMBEDDING = 9
"""Length of the embedding of ln(sigma)/4: itself, and sine and cosine of 4 octaves of it."""
BANDWIDTH = 2.0
"""Standard deviation of the frequencies of the Fourier features, in radians per standard deviation of the data."""


def activate(h: Tensor, in_place: bool = False) -> Tensor:
    """SiLU, h/(1 + exp(-h))."""
    return torch.nn.functional.silu(h, inplace=in_place)


class ScoreMLP:
    """F: [c_in x, sin and cos of `features` random projections of it, embedding of sigma] through `depth` hidden layers of `width` units.

    `flat` (P,) holds every weight; `layers` are views of it: (matrix (inputs, outputs), bias (outputs,)). `frequencies` (D, features)
    and sigma_data are constants of the network, drawn or measured once when it is made.
    """

    def __init__(self, dim: int, width: int, depth: int, features: int, sigma_data: float, generator: torch.Generator) -> None:
        """Draw the weights from `generator` alone: matrices N(0, 2/inputs), last layer and biases 0, so that D starts as c_skip x."""
        for name, value, least in (("dim", dim, 1), ("width", width, 1), ("depth", depth, 1), ("features", features, 0)):
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if not 0 < sigma_data < math.inf:
            raise ValueError(f"sigma_data must be positive, got {sigma_data}")
        self.dim, self.width, self.depth, self.features, self.sigma_data = dim, width, depth, features, float(sigma_data)
        device = generator.device
        self.frequencies = torch.randn(dim, features, generator=generator, device=device) * BANDWIDTH
        sizes = [dim + 2 * features + EMBEDDING, *[width] * depth, dim]
        self.shapes = [(i, o) for i, o in pairwise(sizes)]
        self.flat = torch.zeros(sum((i + 1) * o for i, o in self.shapes), device=device)
        self.layers = self.views(self.flat)
        for matrix, _ in self.layers[:-1]:
            matrix.normal_(generator=generator).mul_(math.sqrt(2 / len(matrix)))

    def views(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(matrix, bias) of each layer as views of a vector of P numbers: weights, gradients and moments alike."""
        layers, start = [], 0
        for i, o in self.shapes:
            matrix, bias = flat[start : start + i * o].view(i, o), flat[start + i * o : start + (i + 1) * o]
            layers.append((matrix, bias))
            start += (i + 1) * o
        return layers

    def with_weights(self, flat: Tensor) -> ScoreMLP:
        """The same architecture and constants over other weights (P,), which are shared, not copied."""
        if flat.shape != self.flat.shape:
            raise ValueError(f"this network has {len(self.flat)} weights, got {tuple(flat.shape)}")
        twin = object.__new__(ScoreMLP)
        twin.__dict__.update(self.__dict__)
        twin.flat, twin.layers = flat, self.views(flat)
        return twin

    def embed(self, sigma: Tensor) -> Tensor:
        """(..., EMBEDDING) of sigma (...)."""
        c_noise = sigma.log()[..., None] / 4
        phase = c_noise * torch.tensor([1.0, 2.0, 4.0, 8.0], device=sigma.device, dtype=sigma.dtype)
        return torch.cat([c_noise, phase.sin(), phase.cos()], -1)

    def denoiser(self, x: Tensor, sigma: Time) -> Tensor:
        """E[x_0 | x_0 + sigma z = x], shape of x (B, D); sigma a float or (B,). Differentiable when autograd is on and needed."""
        level = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
        c_in = expand_as((level.square() + self.sigma_data**2).rsqrt(), x)
        scaled = x * c_in
        output = self._outputs(scaled, self.embed(level))
        return (self.sigma_data * c_in) * (self.sigma_data * scaled + expand_as(level, x) * output)

    def _outputs(self, scaled: Tensor, embedding: Tensor) -> Tensor:
        """F. One sigma for all makes its embedding part of the first bias: a matrix product less per point."""
        (first, bias), *rest = self.layers
        phase = scaled @ self.frequencies
        h = torch.cat([scaled, phase.sin(), phase.cos()], 1)
        split = h.shape[1]
        h = torch.addmm(bias + embedding @ first[split:], h, first[:split])
        in_place = not (torch.is_grad_enabled() and h.requires_grad)
        for matrix, bias in rest[:-1]:
            h = torch.addmm(bias, activate(h, in_place), matrix)
        matrix, bias = rest[-1]
        return torch.addmm(bias[:, None], matrix.T, activate(h, in_place).T).T  # thin products are 6 times faster this way round


@implements(MLP)
def _mlp(spec: MLP, dim: int, sigma_data: float, generator: torch.Generator) -> ScoreMLP:
    return ScoreMLP(dim, spec.width, spec.depth, spec.features, sigma_data, generator)


def build_network(spec: object, dim: int, sigma_data: float, generator: torch.Generator) -> ScoreMLP:
    """A fresh network of a scene's spec."""
    network: ScoreMLP = implementation(spec)(spec, dim, sigma_data, generator)
    return network
