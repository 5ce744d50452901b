"""The operands of Quern's benchmarks: SplittableRandom, and what is drawn from it, on torch tensors.

A draw depends on its index alone, so that all of them are computed at once. int64 arithmetic wraps around as Java's long does.
"""

import torch

GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def signed(value):
    """The 64 bits of a number as Java's long has them."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value


def unsigned_shift(z, bits):
    """Java's >>>."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def states(count, seed, first, stride, device):
    index = torch.arange(count, dtype=torch.int64, device=device) * stride + (first + 1)
    return index * signed(GOLDEN_GAMMA) + signed(seed)


def longs(count, seed, device, first=0, stride=1):
    """Draws `first`, `first + stride`, ... of SplittableRandom(seed).nextLong()."""
    z = states(count, seed, first, stride, device)
    z = (z ^ unsigned_shift(z, 30)) * signed(0xBF58476D1CE4E5B9)
    z = (z ^ unsigned_shift(z, 27)) * signed(0x94D049BB133111EB)
    return z ^ unsigned_shift(z, 31)


def doubles(count, seed, device, first=0, stride=1):
    """The same draws as nextDouble()."""
    return unsigned_shift(longs(count, seed, device, first, stride), 11).to(torch.float64) * 2.0**-53


def classes(count, seed, number, device):
    """nextInt(number), of a power of two."""
    z = states(count, seed, 0, 1, device)
    z = (z ^ unsigned_shift(z, 33)) * signed(0x62A9D9ED799705F5)
    z = (z ^ unsigned_shift(z, 28)) * signed(0xCB24D0A5C88C35B3)
    return unsigned_shift(z, 32) & (number - 1)


def uniform(count, scale, seed, device):
    """f32 in [-scale, scale)."""
    return (scale * (2 * doubles(count, seed, device) - 1)).float()


def unit(count, seed, device):
    """f32 in [0, 1)."""
    return doubles(count, seed, device).float()


def labels(count, positive, seed, device, ignored=0.0):
    """u8: 1 with the first probability, else 0, and 255 with the second; every label takes two draws."""
    drawn = (doubles(count, seed, device, stride=2) < positive).to(torch.uint8)
    return drawn.masked_fill_(doubles(count, seed, device, first=1, stride=2) < ignored, 255)


def with_specials(count, seed, device):
    """f32 in [-8, 8), every 7th element one that kernels stumble over."""
    specials = torch.tensor(
        [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e-45, -1.1754943508222875e-38,
         3.4028234663852886e38, -1e4, 1e4, -104.0, 89.0, 1.0, -1.0],
        dtype=torch.float32, device=device)
    values = uniform(count, 8, seed, device)
    index = torch.arange(0, count, 7, device=device)
    values[index] = specials[index // 7 % len(specials)]
    return values
