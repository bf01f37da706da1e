"""Colourisation: inpainting in an orthonormal basis of colour whose first axis is grey.

With M orthogonal and its first row (1, 1, 1)/sqrt 3, the coordinates u = M (red, green, blue) of a pixel hold sqrt 3 times the mean of
the three as u_1. Noise that is white in the three colours is white in u, so a grey picture is a known u_1 and everything that holds for
replacement holds here. Source: Song et al. 2021, appendix I.3.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scoreviz.maths.inpainting import Inpainting, rotated
from scoreviz.maths.sampling import Sampler
from scoreviz.maths.sde import SDE


def grey_basis() -> Tensor:
    """M (3, 3), orthogonal, float64: grey (1, 1, 1)/sqrt 3, red against cyan (2, -1, -1)/sqrt 6, green against blue (0, 1, -1)/sqrt 2."""
    rows = torch.tensor([[1, 1, 1], [2, -1, -1], [0, 1, -1]], dtype=torch.float64)
    return rows / rows.square().sum(1, keepdim=True).sqrt()


def to_colour_basis(x: Tensor) -> Tensor:
    """u = M x for each pixel of x (B, 3, *), shape of x. ValueError where dimension 1 does not hold three colours."""
    return rotated(x, grey_basis())


def from_colour_basis(u: Tensor) -> Tensor:
    """x = M^T u, the inverse of `to_colour_basis`."""
    return rotated(u, grey_basis().T)


def grey(x: Tensor) -> Tensor:
    """Mean of the three colours, (B, 1, *) of x (B, 3, *), in units of x: u_1/sqrt 3."""
    return to_colour_basis(x)[:, :1] / math.sqrt(3)


def colourisation(sampler: Sampler, sde: SDE, grey_picture: Tensor) -> Inpainting:
    """`sampler` over pictures (B, 3, *) whose grey is given: grey_picture (B, 1, *), the mean of the three colours, in data units.

    B may be 1, for one picture in many colours. ValueError for another shape; one that does not fit the pictures is refused by `init`.
    """
    if grey_picture.ndim < 2 or grey_picture.shape[1] != 1:
        raise ValueError(f"expected a grey picture of shape (B, 1, *), got {tuple(grey_picture.shape)}")
    mask = torch.zeros([1, 3] + [1] * (grey_picture.ndim - 2), dtype=torch.bool, device=grey_picture.device)
    mask[:, 0] = True
    return Inpainting(sampler, sde, grey_picture * math.sqrt(3), mask, grey_basis().to(grey_picture.device))
