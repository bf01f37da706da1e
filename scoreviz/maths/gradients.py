"""Loss and gradient of a network: by hand for a `ScoreMLP` under an objective that is a regression of F, by autograd for all else.

By hand, in buffers made once per batch size, a step costs little more than its products.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from scoreviz.maths.empirical import Law
from scoreviz.maths.networks import ScoreMLP
from scoreviz.maths.objectives import Batch, Objective, Regression


class Gradient(Protocol):
    """A workspace for one network and one batch size; `flat` (P,) receives the gradient, in the layout of the network's weights."""

    batch: int
    flat: Tensor

    def of(self, objective: Objective, batch: Batch, target: Law) -> Tensor:
        """The objective's mean loss over the batch (a scalar tensor), leaving its gradient in `flat`."""
        ...

    def serves(self, objective: Objective, batch: int) -> bool:
        """Is this the workspace for that objective and batch size?"""
        ...


def gradient_for(network: ScoreMLP, objective: Objective, batch: int) -> Gradient:
    """The fastest workspace there is."""
    if MLPGradient.possible(network, objective):
        return MLPGradient(network, batch)
    return AutogradGradient(network, batch)


class AutogradGradient:
    """Any objective of any network."""

    def __init__(self, network: ScoreMLP, batch: int) -> None:
        """Nothing is allocated."""
        self.network, self.batch, self.flat = network, batch, torch.zeros_like(network.flat)

    def serves(self, objective: Objective, batch: int) -> bool:
        """Where it cannot be done by hand."""
        return batch == self.batch and not MLPGradient.possible(self.network, objective)

    def of(self, objective: Objective, batch: Batch, target: Law) -> Tensor:
        """Mean loss, and its gradient in `flat`."""
        with torch.enable_grad():
            weights = self.network.flat.detach().requires_grad_()
            loss = objective.loss(self.network.with_weights(weights), batch, target).mean()
            (self.flat,) = torch.autograd.grad(loss, weights)
        return loss.detach()


class MLPGradient:
    """A regression of F for a free `ScoreMLP`, in preallocated buffers."""

    def __init__(self, network: ScoreMLP, batch: int) -> None:
        """Allocate."""
        self.network, self.batch = network, batch
        new = network.flat.new_empty
        self.flat = new(len(network.flat))
        self.layers = network.views(self.flat)
        self.inputs = new(batch, network.shapes[0][0])
        self.before = [new(batch, network.width) for _ in range(network.depth)]  # pre-activations
        self.after = [new(batch, network.width) for _ in range(network.depth)]
        self.back = [new(batch, network.width) for _ in range(2)]
        self.output = new(network.dim, batch)

    @staticmethod
    def possible(network: ScoreMLP, objective: Objective) -> bool:
        """A regression, and a network that is the plain perceptron: a subclass has another F."""
        return isinstance(objective, Regression) and type(network) is ScoreMLP

    def serves(self, objective: Objective, batch: int) -> bool:
        """Where it can be done by hand."""
        return batch == self.batch and self.possible(self.network, objective)

    def of(self, objective: Objective, batch: Batch, target: Law) -> Tensor:
        """mean_b w c_out^2 |F - aim|^2 with the objective's weight w on |D - x_0|^2, and its gradient in `flat`."""
        assert isinstance(objective, Regression)
        net, column = self.network, batch.sigma[:, None]
        c_in = net.c_in(column)
        scaled = torch.addcmul(batch.x0, column, batch.noise).mul_(c_in)
        clean, noise = objective.aims(batch, target)
        aim = net.parameterisation.aim(clean, noise, column, c_in, net.sigma_data)
        return self.loss(scaled, batch.sigma, aim, self._weight(objective, column), batch.labels)

    def _weight(self, objective: Objective, sigma: Tensor) -> Tensor | float:
        net = self.network
        if objective.weighting == net.parameterisation.name == "edm":
            return 1.0  # which is what they are made for
        return objective.weight(sigma) * net.parameterisation.c_out(sigma, net.sigma_data).square()

    def loss(self, scaled: Tensor, sigma: Tensor, target: Tensor, weight: Tensor | float, labels: Tensor | None = None) -> Tensor:
        """mean_b weight_b |F_b - target_b|^2, leaving its gradient in `flat`.

        scaled (B, D) is c_in x, sigma (B,), target (B, D) what F should be, weight a number or (B, 1), labels (B,) as in `denoiser`.
        """
        self._forward(scaled, sigma, labels)
        error = self.output.T.sub_(target).contiguous()
        pulled = error * weight
        value = torch.dot(pulled.view(-1), error.view(-1)) / self.batch
        self._backward(pulled.mul_(2 / self.batch))
        return value

    def _forward(self, scaled: Tensor, sigma: Tensor, labels: Tensor | None) -> None:
        net, h = self.network, self.inputs
        d, f, end = net.dim, net.features, net.shapes[0][0] - net.classes
        h[:, :d] = scaled
        if f:
            phase = scaled @ net.frequencies
            torch.sin(phase, out=h[:, d : d + f])
            torch.cos(phase, out=h[:, d + f : d + 2 * f])
        h[:, d + 2 * f : end] = net.embed(sigma)
        if net.classes:
            h[:, end:] = 0.0 if labels is None else net.one_hot(labels, self.batch)
        for (matrix, bias), z, a in zip(net.layers, self.before, self.after, strict=False):
            torch.addmm(bias, h, matrix, out=z)
            h = torch.ops.aten.silu.out(z, out=a)
        matrix, bias = net.layers[-1]
        torch.addmm(bias[:, None], matrix.T, h.T, out=self.output)  # thin products are 6 times faster this way round

    def _backward(self, g: Tensor) -> None:
        activations = [self.inputs, *self.after]
        for i in reversed(range(len(self.layers))):
            matrix_gradient, bias_gradient = self.layers[i]
            torch.mm(activations[i].T, g, out=matrix_gradient)
            torch.sum(g, 0, out=bias_gradient)
            if i:
                out = self.back[i % 2]
                torch.mm(g, self.network.layers[i][0].T, out=out)
                g = torch.ops.aten.silu_backward(out, self.before[i - 1])
