"""The network: a small U-Net on a grid of half of the tile's pixels, that says what the clean change of colour is."""
import math

import torch
from torch import nn

CHANGE = 0.1  # one unit of change, in sRGB-encoded colour; as in src/inpaint/compact.rs
BOUND = 2.0  # units; the network cannot ask for more
PLANES = 8  # of the condition, each of 2 x 2 pixels


def alpha_sigma(time):
    return torch.cos(time * math.pi / 2), torch.sin(time * math.pi / 2)


class Block(nn.Module):
    """Two convolutions with the time between them. Nothing is normalised: a tile's paint depends on its own place alone."""

    def __init__(self, width, time):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.time = nn.Linear(time, width)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, time):
        h = self.conv1(nn.functional.silu(x)) + self.time(time)[:, :, None, None]
        return x + self.conv2(nn.functional.silu(h))


class Band(nn.Module):
    """change = net(input); channels in src/inpaint/compact.rs."""

    def __init__(self, widths=(16, 32, 48), time=16):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(1, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(4 + 4 * PLANES, widths[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for a, b in zip(widths, widths[1:]):
            self.down.append(nn.ModuleList([Block(a, time), nn.Conv2d(a, b, 3, stride=2, padding=1)]))
        self.middle = nn.ModuleList([Block(widths[-1], time) for _ in range(2)])
        for a, b in zip(widths[::-1], widths[-2::-1]):
            self.up.append(nn.ModuleList([nn.Conv2d(a, b, 1), Block(b, time)]))
        self.last = nn.Conv2d(widths[0], 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, input):
        # The time's plane is the same everywhere.
        time = self.embed(input[:, 3, :1, 0])
        x = self.first(input)
        kept = []
        for block, smaller in self.down:
            x = block(x, time)
            kept.append(x)
            x = smaller(x)
        for block in self.middle:
            x = block(x, time)
        for (bigger, block), skip in zip(self.up, kept[::-1]):
            x = block(nn.functional.interpolate(bigger(x), scale_factor=2.0, mode="nearest") + skip, time)
        return BOUND * torch.tanh(self.last(nn.functional.silu(x)) / BOUND)


def inputs(noisy, time, condition):
    """The network's input; `condition` has the tile's full size."""
    plane = time[:, None, None, None].expand(-1, 1, *noisy.shape[2:])
    return torch.cat([noisy, plane, nn.functional.pixel_unshuffle(condition, 2)], 1)


@torch.no_grad()
def sample(net, condition, steps=2, generator=None):
    """The change in units of CHANGE on the grid, by DDIM steps; as src/inpaint/compact.rs takes them."""
    size = [s // 2 for s in condition.shape[2:]]
    noisy = torch.randn(condition.shape[0], 3, *size, generator=generator)
    for step in range(steps):
        now, then = (torch.full((condition.shape[0],), 1 - (step + i) / steps) for i in (0, 1))
        clean = net(inputs(noisy, now, condition))
        (a, s), (na, ns) = alpha_sigma(now[0]), alpha_sigma(then[0])
        noisy = na * clean + ns * (noisy - a * clean) / s if step + 1 < steps else clean
    return noisy
