"""Held-out persons: how far the band is from the worn picture after the pass, over before.

    python evaluate.py PAIRS RUN [--sheet sheet.png]

Prints per scene: mean ΔE2000 in the band after / before, and the band's high-frequency energy over the worn picture's.
Whole pictures are repainted in overlapping tiles, blended as src/inpaint does, without its match of the rim.
"""
import argparse

import cv2
import numpy as np
import torch

from data import SIDE, load, planes, tensors, tile_at
from net import CHANGE, Band, sample
from pairs import to_linear


def lab(srgb):
    linear = to_linear(srgb.astype(np.float64))
    xyz = linear @ np.array([[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]).T
    f = xyz / np.array([0.9504559, 1.0, 1.0890578])
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def delta_e(a, b):
    """ΔE2000: Sharma, Wu and Dalal, 2005."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c**7 / (c**7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, (1 + g) * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    dh = (h2 - h1 + 180) % 360 - 180
    big = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    l, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (h1 + dh / 2) % 360
    cos = lambda d: np.cos(np.radians(d))
    t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.20 * cos(4 * h - 63)
    sl = 1 + 0.015 * (l - 50) ** 2 / np.sqrt(20 + (l - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    rt = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    x, y, z = (l2 - l1) / sl, (c2 - c1) / sc, big / sh
    return np.sqrt(np.maximum(x * x + y * y + z * z + rt * y * z, 0))


def repaint(net, pair, steps):
    stack = planes(pair)
    height, width = stack.shape[:2]
    total, weight = np.zeros((height, width, 3)), np.full((height, width, 1), 1e-9)
    ramp = np.clip((np.minimum(np.arange(SIDE) + 0.5, SIDE - np.arange(SIDE) - 0.5) / SIDE - 1 / 16) * 8, 0, 1)
    window = (ramp[:, None] * ramp)[..., None]
    generator = torch.Generator().manual_seed(3)
    for y in range(-SIDE // 4, height, SIDE // 2):
        for x in range(-SIDE // 4, width, SIDE // 2):
            tile = tile_at(stack, (np.clip(y + SIDE // 2, 0, height - 1), np.clip(x + SIDE // 2, 0, width - 1)), SIDE)
            top, left = np.clip(y + SIDE // 2, 0, height - 1) - SIDE // 2, np.clip(x + SIDE // 2, 0, width - 1) - SIDE // 2
            if tile[..., 7].max() == 0:
                continue
            condition, _, _ = tensors(tile, float(pair["px_per_mm"]))
            change = sample(net, torch.from_numpy(condition)[None], steps, generator)[0].numpy().transpose(1, 2, 0) * CHANGE
            a, b = max(top, 0), max(left, 0)
            c, d = min(top + SIDE, height), min(left + SIDE, width)
            part = (slice(a - top, c - top), slice(b - left, d - left))
            total[a:c, b:d] += change[part] * window[part]
            weight[a:c, b:d] += window[part]
    band = stack[..., 7:8]
    return np.clip(stack[..., :3] + band * total / weight, 0, 1), stack


def detail(image, inside):
    luma = image @ np.array([0.2126, 0.7152, 0.0722])
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 1.5)
    return float((fine[inside] ** 2).mean())


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("pairs")
    ap.add_argument("run")
    ap.add_argument("--steps", type=int, default=4)
    ap.add_argument("--sheet")
    args = ap.parse_args()
    net = Band()
    state = torch.load(f"{args.run}/last.pt", map_location="cpu", weights_only=False)["mean"]
    net.load_state_dict({k[len("module."):]: v for k, v in state.items() if k.startswith("module.")})
    net.eval()
    ratios, details, strips = [], [], []
    for pair in load(args.pairs, True):
        after, stack = repaint(net, pair, args.steps)
        before, target, inside = stack[..., :3], stack[..., 3:6], stack[..., 7] > 0
        wanted = lab(target)
        far = [delta_e(lab(p), wanted)[inside].mean() for p in (before, after)]
        ratios.append(far[1] / max(far[0], 1e-6))
        details.append(detail(after, inside) / max(detail(target, inside), 1e-12))
        print(f"{pair['name']}: ΔE2000 {far[0]:.2f} -> {far[1]:.2f}, ratio {ratios[-1]:.3f}, detail {details[-1]:.2f}")
        y, x = pair["places"][len(pair["places"]) // 2]
        strips.append(np.hstack([tile_at(np.float32(p), (y, x), 192) for p in (before, after, target)]))
    print(f"median ratio {np.median(ratios):.3f}, worse on {np.mean(np.array(ratios) > 1):.1%}, median detail {np.median(details):.2f}")
    if args.sheet:
        cv2.imwrite(args.sheet, np.round(np.vstack(strips)[..., ::-1] * 255).astype(np.uint8))


if __name__ == "__main__":
    main()
