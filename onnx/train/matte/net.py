"""A compact U-Net: 8 input channels at 192 x 192, four class logits at 192 x 192."""
import torch
from torch import nn


def conv(a, b, k=3, stride=1):
    return nn.Sequential(nn.Conv2d(a, b, k, stride, k // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


class Matte(nn.Module):
    WIDTHS = (12, 20, 32, 48, 72)

    def __init__(self):
        super().__init__()
        w = self.WIDTHS
        self.stem = conv(8, w[0])
        self.down = nn.ModuleList(
            nn.Sequential(conv(w[i], w[i + 1], stride=2), conv(w[i + 1], w[i + 1])) for i in range(4))
        self.deep = conv(w[4], w[4])
        self.up = nn.ModuleList(conv(w[i + 1] + w[i], w[i]) for i in reversed(range(4)))
        self.head = nn.Conv2d(w[0], 4, 3, padding=1)
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)

    def forward(self, x):
        skips = [self.stem(x)]
        for down in self.down:
            skips.append(down(skips[-1]))
        y = self.deep(skips.pop())
        for up in self.up:
            y = up(torch.cat([self.grow(y), skips.pop()], 1))
        return self.head(y)
