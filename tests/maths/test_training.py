"""Training: exact resumption, changes between steps, and what happens when it diverges."""

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
from scoreviz.scene.learning import MLP, Denoising, Training

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
        loss = twin.objective.loss(net, *batch).mean()
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
    x0, sigma, noise = draw_batch(state)
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
    x0, sigma, noise = draw_batch(state)
    state, info = train_step(state, (x0 * poison, sigma, noise))
    assert info.diverged
    assert info.step == state.step == 100
    assert bool(state.buffers.isfinite().all())
    state, info = train_step(state)
    assert not info.diverged
    assert info.step == 101


def test_the_batch_is_the_objectives():
    state = fresh()
    x0, sigma, noise = draw_batch(reconfigure(state, Training(batch=8192)))
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


def test_a_snapshot_of_another_network_is_refused():
    saved = state_dict(fresh())
    with pytest.raises(ValueError, match="buffers: this network needs"):
        load_state(saved, MLP(width=32), TRAINING, OBJECTIVE, SDE, TARGET)
    with pytest.raises(ValueError, match="expected the entries"):
        load_state({"buffers": saved["buffers"]}, NETWORK, TRAINING, OBJECTIVE, SDE, TARGET)
