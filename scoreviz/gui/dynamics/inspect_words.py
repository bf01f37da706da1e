"""What each entry of the Inspect menu measures: the formula and its source for the menu, one sentence for “What am I seeing?”."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.scene.document import Scene
from scoreviz.scene.text import QT_TRANSLATE_NOOP

TOOLTIPS: dict[tuple[str, str], str] = {
    ("map", "none"): QT_TRANSLATE_NOOP("Inspect", "The ground shows the density again, if that layer is on."),
    ("map", "error"): QT_TRANSLATE_NOOP(
        "Inspect",
        "σ ‖s_θ − s‖: how far the network's score is from the exact one, which a drawn density has in closed form. It is the error of "
        "the predicted noise, so it hides large errors of s at small σ.\nVincent 2011; Song & Ermon 2019, section 3.2.",
    ),
    ("map", "relative"): QT_TRANSLATE_NOOP(
        "Inspect",
        "‖s_θ − s‖ / ‖s‖, on a log scale. Bright where the exact score vanishes too: at the modes and between them.\n"
        "Song & Ermon 2019, section 3.2.1: scores are wrong where there is no data.",
    ),
    ("map", "angle"): QT_TRANSLATE_NOOP(
        "Inspect",
        "The angle between s_θ and s, 0° to 180°: does the network know the way, if not how far?\nSong & Ermon 2019, section 3.2.",
    ),
    ("map", "weighted"): QT_TRANSLATE_NOOP(
        "Inspect",
        "p ‖s_θ − s‖², on a log scale: what score matching is punished for. Its integral is the Fisher divergence; where p is small, any "
        "error is forgiven.\nHyvärinen 2005.",
    ),
    ("map", "log_network"): QT_TRANSLATE_NOOP(
        "Inspect",
        "log p_θ = −E_θ − log Z of a network that is the gradient of an energy. Z is unknown; the map is shifted so that it has mass 1.\n"
        "Song & Kingma 2021, How to train your energy-based models.",
    ),
    ("map", "log_ode"): QT_TRANSLATE_NOOP(
        "Inspect",
        "log p = log p₁(x₁) + ∫ div(dx/dt) dt along the probability-flow ODE of the sampler's score, from the sampler's prior, on a coarse "
        "grid of its own: some seconds. That prior is only nearly p₁, which is part of what the map is off.\n"
        "Song et al. 2021, section 4.3.",
    ),
    ("map", "curl"): QT_TRANSLATE_NOOP(
        "Inspect",
        "σ² (∂ₓ s_θ,y − ∂ᵧ s_θ,x). A gradient has none: the exact score's is zero everywhere, so all that is seen is wrong.\n"
        "Salimans & Ho 2021, Should EBMs model the energy or the score?",
    ),
    ("map", "divergence"): QT_TRANSLATE_NOOP(
        "Inspect",
        "σ² div s of the score that drives the sampler: tr Cov(x₀|x)/σ² − 2. At −2 the place is decided; above 0 paths part here.\n"
        "Second-order Tweedie: Efron 2011.",
    ),
    ("lines", "none"): QT_TRANSLATE_NOOP("Inspect", "No lines over the ground."),
    ("lines", "contours"): QT_TRANSLATE_NOOP("Inspect", "Lines of equal log p, exact, a nat from one to the next, each with its value."),
    ("lines", "streamlines"): QT_TRANSLATE_NOOP(
        "Inspect",
        "Curves along the score of the arrows, always as many and as long: their direction alone is the score's, not their length.",
    ),
    ("lines", "posterior_mean"): QT_TRANSLATE_NOOP(
        "Inspect",
        "From each place x to E[x₀|x] = (x + std² s)/a, with a dot there: the best guess of what x was before the noise.\n"
        "Tweedie's formula: Efron 2011; Robbins 1956.",
    ),
    ("field", "sampler"): QT_TRANSLATE_NOOP("Inspect", "Arrows of σ times the score that drives the sampler."),
    ("field", "exact"): QT_TRANSLATE_NOOP("Inspect", "Arrows of σ ∇ log p, from the mixture that the drawing is."),
    ("field", "network"): QT_TRANSLATE_NOOP("Inspect", "Arrows of σ s_θ, of the averaged weights."),
    ("field", "difference"): QT_TRANSLATE_NOOP("Inspect", "Arrows of σ (s_θ − s): what the network gets wrong, and which way."),
    ("density_scale", "fixed"): QT_TRANSLATE_NOOP("Inspect", "log p from −6 to 2 for every t, so that colours can be compared."),
    ("density_scale", "relative"): QT_TRANSLATE_NOOP("Inspect", "As wide a range, moved so that this t's peak is always as bright."),
}


def tooltip(field: str, value: str) -> str:
    """Formula and source of one entry."""
    return QCoreApplication.translate("Inspect", TOOLTIPS[field, value])


def _tr(text: str) -> str:
    return QCoreApplication.translate("Seeing", text)


def map_sentence(scene: Scene) -> str:
    """What the map on the ground is; "" without one."""
    return {
        "none": "",
        "error": _tr("The ground is σ times the length of the network's error, which is the error of the noise that it predicts."),
        "relative": _tr("The ground is the network's error beside the exact score's own length, on a log scale."),
        "angle": _tr("The ground is the angle between the network's score and the exact one: 0° agrees, 180° points away."),
        "weighted": _tr("The ground is p times the squared error, on a log scale: training sees just this, and nothing where p is small."),
        "log_network": _tr("The ground is the log-density whose gradient the network is, shifted to mass 1, on the range of log p."),
        "log_ode": _tr("The ground is the log-density that the probability-flow ODE of this score draws from, on the range of log p."),
        "curl": _tr("The ground is σ² times the curl of the network's score; an exact score has none, so every colour is error."),
        "divergence": _tr("The ground is σ² times the divergence of the score: −2 where x decides x₀, above 0 where paths part."),
    }[scene.view.map]


def lines_sentence(scene: Scene, density: str) -> str:
    """What the lines are; `density` is the law's symbol in the scene's notation."""
    return {
        "none": "",
        "contours": _tr("Lines join places of equal log {density}, one nat from each to the next.").format(density=density),
        "streamlines": _tr("Lines follow the direction of the score; their length says nothing."),
        "posterior_mean": _tr("Lines lead from x to the mean of x₀ given x, the dot."),
    }[scene.view.lines]
