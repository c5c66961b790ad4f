"""The network: what the clean change of light is at one pixel, from what lies around it."""
import math

import torch
from torch import nn

from features import COUNT, TURNS, layout

CHANGE = 0.1  # one unit of change: of the logarithm of the gain; as in src/inpaint/compact.rs
BOUND = 20.0  # units; the network cannot ask for more


def alpha_sigma(time):
    return torch.cos(time * math.pi / 2), torch.sin(time * math.pi / 2)


def mirrored():
    """Where each feature of a mirrored picture lies among those of the picture."""
    names = layout()
    return [names.index((what, k if k is None else (TURNS // 2 - k) % TURNS)) for what, k in names]


class Band(nn.Module):
    """change = net(input): [n, 3] from [n, 3 noisy change + 1 time + COUNT features]: the mean of several small networks, which
    share nothing but what they are shown and err each in its own way. In training each speaks for itself: [MEMBERS, n, 3]."""

    def __init__(self, members=3, width=160, drop=0.3):
        super().__init__()
        self.register_buffer("mean", torch.zeros(COUNT))
        self.register_buffer("deviation", torch.ones(COUNT))
        layers = lambda: nn.Sequential(
            nn.Linear(4 + COUNT, width), nn.SiLU(), nn.Dropout(drop),
            nn.Linear(width, width), nn.SiLU(), nn.Dropout(drop),
            nn.Linear(width, 3),
        )
        self.register_buffer("mirrored", torch.tensor(mirrored()), persistent=False)
        self.members = nn.ModuleList(layers() for _ in range(members))

    def forward(self, input):
        told = (input[:, 4:] - self.mean) / self.deviation
        if self.training:
            # No two photographs agree so closely.
            seen = [torch.cat([input[:, :4], told + 0.15 * torch.randn_like(told)], 1) for _ in self.members]
            return torch.stack([self.said(member, s) for member, s in zip(self.members, seen)])
        # A mirrored picture is to change as the picture does.
        seen = [torch.cat([input[:, :4], t], 1) for t in (told, told[:, self.mirrored])]
        return torch.stack([self.said(member, s) for member in self.members for s in seen]).mean(0)

    def said(self, member, seen):
        return BOUND * torch.tanh(member(seen) / BOUND)


@torch.no_grad()
def sample(net, told, steps=1, generator=None):
    """The change in units of CHANGE by DDIM steps; as src/inpaint/compact.rs takes them."""
    noisy = torch.randn(len(told), 3, generator=generator)
    for step in range(steps):
        now, then = (torch.tensor(1 - (step + i) / steps) for i in (0, 1))
        clean = net(torch.cat([noisy, now.expand(len(told), 1), told], 1))
        (a, s), (na, ns) = alpha_sigma(now), alpha_sigma(then)
        noisy = na * clean + ns * (noisy - a * clean) / s if step + 1 < steps else clean
    return noisy
