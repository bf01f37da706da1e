"""Loss and gradient of a `ScoreMLP` by hand, in buffers made once per batch size: a step costs little more than its products."""

from __future__ import annotations

import torch
from torch import Tensor

from scoreviz.maths.networks import ScoreMLP


class MLPGradient:
    """Workspace for one network and one batch size; `flat` (P,) receives the gradient, in the layout of the network's weights."""

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

    def loss(self, scaled: Tensor, sigma: Tensor, target: Tensor, weight: Tensor | float) -> Tensor:
        """mean_b weight_b |F_b - target_b|^2, leaving its gradient in `flat`.

        scaled (B, D) is c_in x, sigma (B,), target (B, D) what F should be, weight a number or (B, 1).
        """
        self._forward(scaled, sigma)
        error = self.output.T.sub_(target).contiguous()
        pulled = error * weight
        value = torch.dot(pulled.view(-1), error.view(-1)) / self.batch
        self._backward(pulled.mul_(2 / self.batch))
        return value

    def _forward(self, scaled: Tensor, sigma: Tensor) -> None:
        net, h = self.network, self.inputs
        d, f = net.dim, net.features
        h[:, :d] = scaled
        if f:
            phase = scaled @ net.frequencies
            torch.sin(phase, out=h[:, d : d + f])
            torch.cos(phase, out=h[:, d + f : d + 2 * f])
        h[:, d + 2 * f :] = net.embed(sigma)
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
