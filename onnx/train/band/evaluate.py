"""Held-out persons: how far the band is from the worn picture after the pass, over before, for changes scaled by a factor.

    python evaluate.py RUN PAIRS [PAIRS ..] [--steps 2] [--sheet sheet.png]

The program's own measure, on pictures and with its own tiles, is `parure accuracy RENDERS --seam --band MODEL.onnx`; this one
serves to choose the factor (SHRINK of export.py) and to compare runs. Whole pictures go through the network at once.
"""
import argparse

import cv2
import numpy as np
import torch

from data import PX_PER_MM, linear, load, shadows, stack_of, tensors
from export import weights
from net import CHANGE, sample

FACTORS = (0.4, 0.6, 0.8, 1.0, 1.2)


def lab(srgb):
    xyz = linear(srgb.astype(np.float64)) @ np.array([[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]).T
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


def change_of(net, pair, k, steps):
    """The change of a whole picture, at its own scale."""
    stack = stack_of(pair, k).astype(np.float32) / 255
    height, width = stack.shape[:2]
    zoom = PX_PER_MM / pair["px_per_mm"]
    size = [int(np.ceil(n * zoom / 8) * 8) for n in (width, height)]
    how = cv2.INTER_CUBIC if zoom >= 1 else cv2.INTER_AREA
    large = np.concatenate([cv2.resize(np.ascontiguousarray(stack[..., i : i + 1]), size, interpolation=how)[..., None] for i in range(11)], -1)
    condition, _, _ = tensors(np.clip(large, 0, 1), PX_PER_MM)
    change = sample(net, torch.from_numpy(condition)[None], steps, torch.Generator().manual_seed(3))[0].numpy()
    return stack, cv2.resize(change.transpose(1, 2, 0) * CHANGE, (width, height), interpolation=cv2.INTER_CUBIC)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("run")
    ap.add_argument("pairs", nargs="+")
    ap.add_argument("--steps", type=int, default=2)
    ap.add_argument("--sheet")
    ap.add_argument("--trained", action="store_true", help="the persons that were trained on instead")
    args = ap.parse_args()
    torch.set_num_threads(1)
    net = weights(args.run)
    all_ratios, strips = [], []
    for pair in load(args.pairs, not args.trained):
        for k in (0, 3, 5):
            stack, change = change_of(net, pair, min(k, shadows(pair) - 1), args.steps)
            before, worn, band = stack[..., :3], stack[..., 3:6], stack[..., 7:8]
            inside = band[..., 0] > 0
            want, pictures = lab(worn[inside]), [before] + [np.clip(before + f * band * change, 0, 1) for f in FACTORS]
            far = [delta_e(lab(p[inside]), want).mean() for p in pictures]
            all_ratios.append(np.array(far[1:]) / max(far[0], 1e-6))
            if k == 0:
                print(f"{pair['name']}: ΔE2000 {far[0]:.2f} -> " + " ".join(f"{v:.2f}" for v in far[1:]), flush=True)
                strips.append([np.clip(p, 0, 1) for p in (before, pictures[FACTORS.index(1.0) + 1], worn, 0.5 + 2 * band * change, 0.5 + 2 * band * (worn - before))])
    ratios = np.array(all_ratios)
    for f, r in zip(FACTORS, ratios.T):
        print(f"factor {f}: after / before median {np.median(r):.3f}, mean {r.mean():.3f}, worse on {(r > 1).mean():.1%} of {len(r)}")
    if args.sheet:
        wide = max(sum(p.shape[1] for p in s) for s in strips)
        rows = [np.pad(np.hstack(s), ((0, 4), (0, wide - sum(p.shape[1] for p in s)), (0, 0))) for s in strips]
        cv2.imwrite(args.sheet, np.round(np.vstack(rows)[..., ::-1] * 255).clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
