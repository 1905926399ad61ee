# SPDX-License-Identifier: Apache-2.0
"""Optimizers and clipping by the global norm, from docs/arithmetic.md ("Optimizers")."""
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from exact_sum import product, sum_bits
from ieee import BINARY32, BINARY64, Float
from layers import ZERO
from rounding import BINARY32 as EXACT32, BINARY64 as EXACT64, value_of
from schedules import power_of


def f64(value):
    return Float.rounded(value, BINARY64)


def f32(x):
    return x.to(BINARY32)


ONE64 = f64(1)


@dataclass(frozen=True)
class Settings:
    """binary64 numbers."""
    learning_rate: Float
    factor: Float = ONE64
    momentum: Float = f64(0)
    nesterov: bool = False
    weight_decay: Float = f64(0)
    beta1: Float = f64(Fraction(9, 10))
    beta2: Float = f64(Fraction(999, 1000))
    epsilon: Float = f64(Fraction(1, 10**8))


def clipped(gradients, clip_norm):
    """The norm and the gradients after clipping."""
    terms = [value_of(g.bits(), EXACT32) for g in gradients]
    norm = Float(sum_bits([product(t, t) for t in terms], EXACT64), BINARY64).sqrt()
    if norm > clip_norm and norm.is_finite():
        scale = f32(clip_norm / norm)
        gradients = [g * scale for g in gradients]
    return norm, gradients


def sgd(settings, t, p, g, m, v):
    r = f32(settings.learning_rate * settings.factor)
    if not settings.weight_decay.is_zero():
        g = g + f32(settings.weight_decay) * p
    if settings.momentum.is_zero():
        return p - r * g, m, v
    mu = f32(settings.momentum)
    m = mu * m + g
    return p - r * ((g + mu * m) if settings.nesterov else m), m, v


def adam(settings, t, p, g, m, v):
    if not settings.weight_decay.is_zero():
        g = g + f32(settings.weight_decay) * p
    return adam_update(settings, t, p, g, m, v)


def adamw(settings, t, p, g, m, v):
    if not settings.weight_decay.is_zero():
        p = p - f32((settings.learning_rate * settings.factor) * settings.weight_decay) * p
    return adam_update(settings, t, p, g, m, v)


@lru_cache(maxsize=None)
def rate_and_widening(settings, t):
    r = settings.learning_rate * settings.factor
    return (f32(r / (ONE64 - power_of(settings.beta1, t))),
            f32(ONE64 / (ONE64 - power_of(settings.beta2, t)).sqrt()))


def adam_update(settings, t, p, g, m, v):
    rate, widening = rate_and_widening(settings, t)
    m = f32(settings.beta1) * m + f32(ONE64 - settings.beta1) * g
    v = f32(settings.beta2) * v + f32(ONE64 - settings.beta2) * (g * g)
    return p - (rate * m) / (v.sqrt() * widening + f32(settings.epsilon)), m, v


OPTIMIZERS = {"sgd": sgd, "adam": adam, "adamw": adamw}


def stepped(name, settings, t, p, g, m, v):
    """Parameters and both state tensors after step t = 1, 2, ... of one tensor."""
    updates = [OPTIMIZERS[name](settings, t, *each) for each in zip(p, g, m, v)]
    return tuple([update[i] for update in updates] for i in range(3))


def trained(name, settings, p, gradients_of_steps):
    """Parameters, then both state tensors (+0 where the optimizer keeps none)."""
    m, v = [ZERO] * len(p), [ZERO] * len(p)
    for t, gradients in enumerate(gradients_of_steps, start=1):
        p, m, v = stepped(name, settings, t, p, gradients, m, v)
    return p, m, v
