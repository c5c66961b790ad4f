"""The network: a U-Net of four scales, 2.2 million weights (4.4 MB in 16 bits)."""
import math

import torch
from torch import nn

CHANGE = 0.1  # one unit of change, in sRGB-encoded colour; as in src/inpaint/compact.rs
CONDITIONS = 7


def alpha_sigma(time):
    return torch.cos(time * math.pi / 2), torch.sin(time * math.pi / 2)


class Block(nn.Module):
    """Two convolutions with the time between them."""

    def __init__(self, before, after, time):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, before), nn.Conv2d(before, after, 3, padding=1)
        self.time = nn.Linear(time, 2 * after)
        self.norm2, self.conv2 = nn.GroupNorm(8, after), nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1) if before != after else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, time):
        h = self.conv1(nn.functional.silu(self.norm1(x)))
        scale, shift = self.time(time)[:, :, None, None].chunk(2, 1)
        h = self.conv2(nn.functional.silu(self.norm2(h) * (1 + scale) + shift))
        return self.skip(x) + h


class Band(nn.Module):
    """velocity = net(noisy, condition, time); shapes in src/inpaint/compact.rs."""

    def __init__(self, widths=(32, 64, 128, 128), time=64):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(200.0), time // 2)))
        self.embed = nn.Sequential(nn.Linear(time, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(3 + CONDITIONS, widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for a, b in zip(widths, widths[1:]):
            self.down.append(nn.ModuleList([Block(a, a, time), nn.Conv2d(a, b, 3, stride=2, padding=1)]))
        self.middle = nn.ModuleList([Block(widths[-1], widths[-1], time) for _ in range(2)])
        for a, b in zip(widths[::-1], widths[-2::-1]):
            self.up.append(nn.ModuleList([nn.Conv2d(a, b, 3, padding=1), Block(2 * b, b, time)]))
        self.last = nn.Conv2d(widths[0], 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, noisy, condition, time):
        angle = time[:, None] * self.frequencies
        time = self.embed(torch.cat([torch.sin(angle), torch.cos(angle)], 1))
        x = self.first(torch.cat([noisy, condition], 1))
        kept = []
        for block, smaller in self.down:
            x = block(x, time)
            kept.append(x)
            x = smaller(x)
        for block in self.middle:
            x = block(x, time)
        for (bigger, block), skip in zip(self.up, kept[::-1]):
            x = bigger(nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))
            x = block(torch.cat([x, skip], 1), time)
        return self.last(nn.functional.silu(x))


@torch.no_grad()
def sample(net, condition, steps=4, generator=None):
    """The change in units of CHANGE, by DDIM steps; as src/inpaint/compact.rs takes them."""
    noisy = torch.randn(condition.shape[0], 3, *condition.shape[2:], generator=generator)
    for step in range(steps):
        now, then = (torch.full((condition.shape[0],), 1 - (step + i) / steps) for i in (0, 1))
        velocity = net(noisy, condition, now)
        (a, s), (na, ns) = alpha_sigma(now[0]), alpha_sigma(then[0])
        clean, noise = a * noisy - s * velocity, s * noisy + a * velocity
        noisy = na * clean + ns * noise
    return noisy
