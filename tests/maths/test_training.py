"""Training: exact resumption, changes between steps, and what happens when it diverges."""

import math
from typing import Any

import msgspec
import pytest
import torch

from scoreviz.maths import (
    VESDE,
    TrainState,
    draw_batch,
    init_training,
    learning_rate,
    load_state,
    loss_floor,
    preset,
    reconfigure,
    state_dict,
    train_step,
)  # fmt: skip
from scoreviz.maths.bench import distance_to_truth
from scoreviz.maths.objectives import Batch, ImplicitScoreMatching, build_objective
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.training import gradient_variance, training_floor
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import MLP, Denoising, Explicit, Implicit, Ladder, LogNormalSigma, ObjectiveSpec, Sliced, Training

TARGET = preset("two_moons")
SDE = VESDE(0.01, TARGET.diameter())
NETWORK, TRAINING, OBJECTIVE = MLP(width=16, depth=2, features=4), Training(batch=64), Denoising()


def fresh(training: Training = TRAINING) -> TrainState:
    return init_training(NETWORK, training, OBJECTIVE, SDE, TARGET)


def advance(state: TrainState, steps: int) -> TrainState:
    for _ in range(steps):
        state, _ = train_step(state)
    return state


def test_resuming_is_bitwise():
    state = advance(fresh(), 130)  # past a copy for falling back
    saved = state_dict(state)
    going_on = state_dict(advance(state, 90))  # and past the next
    resumed = state_dict(advance(load_state(saved, NETWORK, TRAINING, OBJECTIVE, SDE, TARGET), 90))
    assert set(resumed) == set(going_on)
    for name, tensor in going_on.items():
        assert torch.equal(resumed[name], tensor), name
    for name in ("buffers", "good", "generator", "steps"):
        assert not torch.equal(saved[name], going_on[name]), f"{name} must be a copy"


def test_the_seed_decides():
    one, two = (advance(fresh(), 5).ema.flat for _ in range(2))
    assert torch.equal(one, two)
    other = advance(fresh(Training(batch=64, seed=1)), 5).ema.flat
    assert not torch.equal(one, other)


def test_adam_is_torchs():
    """Weights after some steps equal torch.optim.Adam's on the same batches and learning rates."""
    state, twin = fresh(), fresh()
    flat = twin.network.flat.clone().requires_grad_()
    optimiser = torch.optim.Adam([flat], betas=(0.9, 0.99))
    for _ in range(20):
        batch = draw_batch(twin)
        net = twin.network.with_weights(flat)
        loss = twin.objective.loss(net, batch, TARGET).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.param_groups[0]["lr"] = learning_rate(TRAINING.learning_rate, state.step)
        optimiser.step()
        state, info = train_step(state, batch)
        assert info.loss == pytest.approx(float(loss.detach()), rel=1e-4)
    assert torch.allclose(state.network.flat, flat.detach(), atol=2e-4)


def test_moving_average():
    state = fresh(msgspec.structs.replace(TRAINING, ema=0.5))
    average = state.network.flat.clone()
    for n in range(1, 12):
        state, _ = train_step(state)
        rate = min(0.5, (1 + n) / (10 + n))
        average = rate * average + (1 - rate) * state.network.flat
    assert torch.allclose(state.ema.flat, average, atol=1e-6)
    state = advance(fresh(msgspec.structs.replace(TRAINING, ema=0.0)), 3)
    assert torch.equal(state.ema.flat, state.network.flat)


def test_learning_rate_falls_to_a_tenth():
    rates = [learning_rate(0.01, n) for n in (0, 100, 1000, 10**6)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.001, rel=0.01)


def test_another_drawing_is_learned_as_fast_as_the_first():
    """After many steps the decayed rate would take ten times as long."""
    state = advance(init_training(MLP(), Training(), OBJECTIVE, SDE, TARGET), 3000)
    other = preset("s_curve")
    sde = VESDE(0.01, other.diameter())
    state = reconfigure(state, state.training, Denoising(), sde, other)
    assert distance_to_truth(advance(state, 200), sde) < 0.06


def test_every_setting_changes_between_steps_without_a_restart():
    state = advance(fresh(), 3)
    weights = state.network.flat.clone()
    other = preset("rings")
    wider = VESDE(0.02, other.diameter())
    state = reconfigure(state, Training(batch=32, learning_rate=1e-3, ema=0.9), Denoising(weighting="sigma2"), wider, other)
    assert torch.equal(state.network.flat, weights)
    assert state.step == 3
    x0, sigma, noise, *_ = draw_batch(state)
    assert len(x0) == len(sigma) == len(noise) == 32
    assert float(sigma.min()) >= 0.02 * 0.999
    state, info = train_step(state)
    assert info.step == 4
    assert info.learning_rate == learning_rate(1e-3, 0) == 1e-3, "another drawing is learned at the full rate again"
    state = reconfigure(state, Training(batch=32, learning_rate=2e-3), target=other)
    assert train_step(state)[1].learning_rate == learning_rate(2e-3, 1), "the same drawing is not another"
    with pytest.raises(ValueError, match="together"):
        reconfigure(state, objective=Denoising())
    line = type(TARGET)(torch.ones(1), torch.zeros(1, 1), torch.ones(1))
    with pytest.raises(ValueError, match="2 dimensions, the new target 1"):
        reconfigure(state, target=line)


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e30])
def test_divergence_goes_back_and_says_so(poison: float):
    state = advance(fresh(), 120)
    batch = draw_batch(state)
    state, info = train_step(state, batch._replace(x0=batch.x0 * poison))
    assert info.diverged
    assert info.step == state.step == 100
    assert bool(state.buffers.isfinite().all())
    state, info = train_step(state)
    assert not info.diverged
    assert info.step == 101


def test_the_batch_is_the_objectives():
    state = fresh()
    x0, sigma, noise, *_ = draw_batch(reconfigure(state, Training(batch=8192)))
    quantiles = state.objective.sigma((torch.arange(8192) + 0.5) / 8192)
    assert torch.allclose(sigma.sort().values, quantiles, rtol=2e-3)
    assert torch.allclose(x0.T.cov(), TARGET.cov().float(), atol=0.08)
    assert torch.allclose(noise.T.cov(), torch.eye(2), atol=0.08)
    assert abs(float((x0 * noise).mean())) < 0.05
    assert abs(float(torch.corrcoef(torch.stack([sigma.log(), x0[:, 0]]))[0, 1])) < 0.05


def test_the_loss_comes_down_to_its_floor():
    state = init_training(MLP(width=64), Training(), OBJECTIVE, SDE, TARGET)
    losses = []
    for _ in range(300):
        state, info = train_step(state)
        losses.append(info.loss)
    floor = loss_floor(TARGET, state.objective)
    early, late = sum(losses[:10]) / 10, sum(losses[-100:]) / 100
    assert early > floor.total + 0.05
    assert floor.total - 0.05 < late < floor.total + 0.06


KINDS = [MLP(width=16, depth=2, features=4, energy=energy, parameterisation=p, classes=c)
         for energy, p, c in ((False, "edm", 0), (False, "v", 3), (True, "score", 0), (True, "x0", 3))]  # fmt: skip
CLASSES = torch.arange(len(TARGET)) % 3
LABELLED = GaussianMixture(TARGET.weights, TARGET.means, TARGET.stds, labels=CLASSES)


@pytest.mark.parametrize("objective", [member() for member in ObjectiveSpec.members()], ids=lambda spec: type(spec).__name__)
@pytest.mark.parametrize("network", KINDS, ids=["plain", "v and classes", "energy", "energy and classes"])
def test_every_objective_trains_every_network_and_resumes_bitwise(network: MLP, objective: Any):
    settings = (network, Training(batch=32, clip=1.0), objective, SDE, LABELLED)
    rng = torch.get_rng_state()
    state = advance(init_training(*settings), 3)
    saved = state_dict(state)
    going_on = state_dict(advance(state, 2))
    resumed = state_dict(advance(load_state(saved, *settings), 2))
    for name, tensor in going_on.items():
        assert torch.equal(resumed[name], tensor), name
        assert bool(torch.as_tensor(tensor).isfinite().all())
    assert not torch.equal(saved["buffers"], going_on["buffers"])
    training_floor(state, levels=2, points=8)
    gradient_variance(state, repeats=2)
    assert torch.equal(torch.get_rng_state(), rng)


def test_objectives_change_between_steps():
    state = advance(fresh(), 3)
    for spec in (Implicit(), Explicit(), Sliced(), Ladder(levels=3), Denoising(sigmas=LogNormalSigma())):
        weights = state.network.flat.clone()
        state = reconfigure(state, objective=spec, sde=SDE)
        assert torch.equal(state.network.flat, weights)
        state, info = train_step(state)
        assert not info.diverged and not torch.equal(state.network.flat, weights)


def test_clipping_shortens_the_gradient():
    """Below the threshold nothing changes; above, Adam's moments hold the shortened gradient."""
    loose, off, tight = (fresh(Training(batch=64, clip=clip)) for clip in (100.0, 0.0, 0.01))
    norms = [train_step(state)[1].gradient_norm for state in (loose, off, tight)]
    assert norms[0] == norms[1] == norms[2] > 0.01
    assert torch.equal(loose.buffers, off.buffers)
    assert float(tight.buffers[2].norm()) == pytest.approx(0.1 * 0.01, rel=1e-4), "m after one step is (1 - beta1) g"
    assert float(off.buffers[2].norm()) == pytest.approx(0.1 * norms[1], rel=1e-4)


def test_a_gradient_that_is_not_finite_goes_back_as_well():
    class Cliff(ImplicitScoreMatching):
        """A finite loss whose gradient is not: the square root at zero."""

        def loss(self, network: Any, batch: Batch, target: Any) -> torch.Tensor:
            return super().loss(network, batch, target) + (network.flat[0] * 0).sqrt()

    state = advance(fresh(), 120)
    sane = state.objective
    state.objective = Cliff(sane.law, sane.weight)
    state, info = train_step(state)
    assert info.diverged and info.step == state.step == 100
    assert info.loss == info.loss and abs(info.loss) < 1e6 and not math.isfinite(info.gradient_norm)
    assert bool(state.buffers.isfinite().all())
    state.objective = sane
    assert not train_step(state)[1].diverged


def test_labels_and_their_dropout():
    def drawn(dropout: float) -> Batch:
        network = MLP(width=8, depth=1, features=0, classes=3)
        return draw_batch(init_training(network, Training(batch=8192, label_dropout=dropout), OBJECTIVE, SDE, LABELLED))

    labels = drawn(0.25).labels
    assert labels is not None
    assert float((labels == -1).float().mean()) == pytest.approx(0.25, abs=5 * (0.25 * 0.75 / 8192) ** 0.5)
    for label in range(3):
        share = float(LABELLED.weights[label == CLASSES].sum())
        assert float((labels == label).float().mean()) == pytest.approx(0.75 * share, abs=0.02)
    whole = drawn(0.0)
    assert whole.labels is not None and int(whole.labels.min()) == 0
    for label in range(3):
        own = LABELLED.of_class(label)
        nearest = torch.cdist(whole.x0[whole.labels == label], own.means).amin(1)
        assert float((nearest / own.stds.max()).max()) < 5, "each sample has the label of its component"
    assert bool((drawn(1.0).labels == -1).all())
    assert draw_batch(fresh()).labels is None
    assert torch.equal(drawn(0.0).x0, drawn(0.5).x0), "the labels' random numbers come after the others"


def test_a_class_that_the_network_does_not_know():
    few = MLP(width=8, depth=1, features=0, classes=2)
    with pytest.raises(SceneError, match="knows 2 classes, and the drawing needs 3"):
        init_training(few, TRAINING, OBJECTIVE, SDE, LABELLED)
    state = init_training(few, TRAINING, OBJECTIVE, SDE, TARGET)
    assert draw_batch(state).labels is None, "a drawing without classes is learned as a whole"
    with pytest.raises(SceneError, match="knows 2 classes"):
        reconfigure(state, target=LABELLED)
    assert state.target is TARGET
    train_step(state)
    pictures = GaussianMixture(torch.ones(1), torch.zeros(1, 2, 2), torch.ones(1))
    with pytest.raises(ValueError, match=r"points \(D,\), got points of shape \(2, 2\)"):
        init_training(few, TRAINING, OBJECTIVE, SDE, pictures)


def test_the_floor_of_a_conditional_network_is_that_of_its_classes():
    """Knowing the class leaves less to guess; with every label dropped nothing is known."""

    def floor(dropout: float, classes: int = 3) -> float:
        network = MLP(width=8, depth=1, features=0, classes=classes)
        return training_floor(init_training(network, Training(label_dropout=dropout), OBJECTIVE, SDE, apart)).total

    apart = GaussianMixture(torch.tensor([1.0, 3.0]), torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), torch.tensor([0.4, 0.4]),
                            labels=torch.tensor([0, 1]))  # fmt: skip
    objective = build_objective(OBJECTIVE, SDE, apart.sigma_data)
    known = loss_floor(GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([0.4])), objective).total
    whole = floor(0.1, classes=0)
    assert whole == loss_floor(apart, objective).total
    assert floor(0.0) == pytest.approx(known, rel=1e-4) and known < whole - 0.05
    assert floor(1.0) == pytest.approx(whole, rel=1e-9)
    assert floor(0.1) == pytest.approx(0.9 * known + 0.1 * whole, rel=1e-4)


def test_gradient_variance():
    """Against the gradients written out; the state is left as it is; the mean is the objective's own."""
    state = advance(fresh(Training(batch=32)), 5)
    before = state_dict(state)
    found = gradient_variance(state, repeats=40, seed=4)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), state_dict(state).values(), strict=True))
    twin = fresh(Training(batch=32))
    twin.buffers.copy_(state.buffers)
    twin.generator.manual_seed(4)
    gradients = []
    for _ in range(40):
        twin.workspace(32).of(twin.objective, draw_batch(twin), TARGET)
        gradients.append(twin.gradient.flat.double().clone())
    gradient = torch.stack(gradients)
    trace = float(gradient.var(0).sum())
    assert found.trace == pytest.approx(trace, rel=1e-6)
    assert found.norm**2 == pytest.approx(float(gradient.mean(0).square().sum()) - trace / 40, rel=1e-6)
    assert found.relative == pytest.approx(found.trace / found.norm**2)
    explicit = build_objective(Explicit(), SDE, state.network.sigma_data)
    sharper = gradient_variance(state, explicit, repeats=40)
    assert sharper.trace < found.trace, "the exact score has no noise of its own"
    with pytest.raises(ValueError, match="at least 2 repeats, got 1"):
        gradient_variance(state, repeats=1)


def test_snapshots_of_the_first_versions_are_read():
    saved = state_dict(advance(fresh(), 3))
    del saved["kind"]
    assert torch.equal(load_state(saved, NETWORK, TRAINING, OBJECTIVE, SDE, TARGET).buffers, saved["buffers"])
    with pytest.raises(ValueError, match="kind: this network needs"):
        load_state(saved, msgspec.structs.replace(NETWORK, parameterisation="eps"), TRAINING, OBJECTIVE, SDE, TARGET)


def test_a_snapshot_of_another_network_is_refused():
    saved = state_dict(fresh())
    with pytest.raises(ValueError, match="buffers: this network needs"):
        load_state(saved, MLP(width=32), TRAINING, OBJECTIVE, SDE, TARGET)
    with pytest.raises(ValueError, match="expected the entries"):
        load_state({"buffers": saved["buffers"]}, NETWORK, TRAINING, OBJECTIVE, SDE, TARGET)
