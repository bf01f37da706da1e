"""The global generator is untouched after every public call."""

import torch

import scoreviz.maths as maths
from scoreviz.scene.learning import MLP, Denoising, Training
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import SamplerSpec


def test_the_global_generator_is_untouched():
    before, grad = torch.random.get_rng_state(), torch.is_grad_enabled()
    target = maths.preset("eight_gaussians")
    sde = maths.build_sde(VE(), target.diameter())
    state = maths.init_training(MLP(width=8), Training(batch=32), Denoising(), sde, target)
    for _ in range(3):
        state, _ = maths.train_step(state)
    maths.load_state(maths.state_dict(state), MLP(width=8), Training(batch=32), Denoising(), sde, target)
    maths.loss_floor(target, state.objective, levels=2, points=8)
    maths.noise_floor(target, 50, repeats=2)
    for score_fn in (target.score_fn(sde), maths.score_fn_of(state.ema, sde)):
        for kind in SamplerSpec.members():
            fields = {name: 2 for name in ("steps", "levels", "steps_per_level") if name in kind.__struct_fields__}
            spec = kind(**fields)
            x = maths.starting_points(spec, sde, target, 10, torch.Generator().manual_seed(0))
            maths.sliced_wasserstein(
                maths.sample(maths.build_sampler(spec, sde, score_fn, target.log_prob_fn(sde)), x, 0), target.sample(10, torch.Generator())
            )
    wide = maths.GaussianMixture(torch.ones(3), torch.eye(3), torch.ones(3))
    wide.diameter()
    maths.sliced_wasserstein(wide.means, wide.means)
    stored, table = maths.Empirical(torch.eye(5)), maths.DiscreteVPSDE(torch.tensor([0.9, 0.5, 0.1]))
    stored.diameter(), stored.mean(), stored.nearest(stored.sample(3, torch.Generator()))
    for noise in (sde, table):
        score_fn = maths.clipped(stored.score_fn(noise), noise, 0.0, 1.0)
        x = maths.prior_points(noise, (4, 5), torch.Generator(), stored.mean())
        maths.sample(maths.make_sampler("pc", noise, score_fn, n_steps=2), x, 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.is_grad_enabled() == grad
    assert torch.get_default_dtype() == torch.float32
