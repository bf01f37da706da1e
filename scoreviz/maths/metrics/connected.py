"""The modes of a mixture as one sees them: its components in connected groups."""

from __future__ import annotations

import torch
from torch import Tensor

from scoreviz.maths.targets import GaussianMixture

WIDTHS = 3.0
"""Components nearer to each other than this many of the wider one's standard deviations are of one mode."""


def connected_modes(mixture: GaussianMixture, most: int) -> tuple[Tensor, int]:
    """The mode (K,) int64 of each component, 0 .. M - 1 with M <= most, and how many modes had to be joined to come to that.

    Two components with means nearer than WIDTHS times the larger of their widths (root mean square over the coordinates) are of one
    mode, and so are all that a chain of such pairs connects. Where more than `most` modes remain, the lightest joins the one whose
    nearest component is nearest to one of its own, again and again. ValueError for most < 1.
    """
    if most < 1:
        raise ValueError(f"expected at least one mode, got {most}")
    means = mixture.means.double().flatten(1)
    width = mixture.stds.double().reshape(len(mixture), -1).square().mean(1).sqrt()
    apart = torch.cdist(means, means)
    labels = _components(apart < WIDTHS * torch.maximum(width[:, None], width[None]))
    found = int(labels.max()) + 1
    for _ in range(found - most):
        mass = torch.zeros(int(labels.max()) + 1, dtype=torch.float64).index_add_(0, labels, mixture.weights.double())
        lightest = labels == int(mass.argmin())
        nearest = apart[lightest][:, ~lightest].amin(0).argmin()
        labels[lightest] = labels[~lightest][nearest]
        labels = torch.unique(labels, return_inverse=True)[1]
    return labels, max(0, found - most)


def _components(near: Tensor) -> Tensor:
    """The connected component (K,) of each node of a symmetric graph (K, K), numbered as they first occur."""
    labels = torch.full((len(near),), -1)
    count = 0
    for k in range(len(near)):
        if labels[k] >= 0:
            continue
        reached = torch.zeros(len(near), dtype=torch.bool)
        front = reached.clone()
        front[k] = True
        while bool(front.any()):
            reached |= front
            front = near[front].any(0) & ~reached
        labels[reached] = count
        count += 1
    return labels
