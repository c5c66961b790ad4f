"""Held-out persons: how far the band is from the worn picture after the pass, over before, for several gains of what is fine in the paint.

    python evaluate.py RUN PAIRS [PAIRS ..] [--steps 1] [--sheet sheet.png] [--all]

The program's own measure, on pictures and with its own tiles, is `parure accuracy RENDERS --seam --band MODEL.onnx`; this one
serves to choose that gain and to compare runs.
"""
import argparse

import cv2
import numpy as np
import torch

from data import lit, load, shrunk, stack_of
from export import weights
from features import SHOWS, features, linear
from net import CHANGE, sample

FINE, COARSE, NEAR = 0.15, 0.7, (0.6, 1.8)  # mm; as in src/inpaint/compact.rs
GAINS = (1.0, 1.2, 1.4, 1.6, 2.0)  # of what varies faster than COARSE; FINE_GAIN of src/inpaint/compact.rs is one of them


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


def lightest(stack, px_per_mm):
    """The largest logarithm of a gain; as in src/inpaint/lightest.rs."""
    alpha, band, other, shadow = stack[..., 3], stack[..., 4], stack[..., 5], stack[..., 9]
    reach = int(np.ceil(2.0 * px_per_mm))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    stays = shadow * (1 - band) ** 2 * (alpha <= SHOWS) * (other < 0.5)
    beyond = cv2.dilate(stays.astype(np.float32), (x * x + y * y <= reach * reach).astype(np.uint8))
    light = lambda shadow: 1 - np.clip(shadow, 0, 0.95)
    return np.maximum(np.log(light(beyond) / light(shadow)), 0) + 0.08 + 0.5 * np.exp(-beyond / 0.04)


def change_of(net, pair, steps):
    """[fine, coarse, share of the fine one] change of a whole picture, at its own scale."""
    height, width = pair["planes"].shape[:2]
    planes, px_per_mm = shrunk(pair["planes"], pair["px_per_mm"])
    stack = stack_of(planes, 0).astype(np.float32) / 255
    rows, columns = np.nonzero((stack[..., 4] > 0) & (stack[..., 3] <= SHOWS))
    seen = features(stack[..., 6:9], stack[..., 3], stack[..., 9], stack[..., 5], px_per_mm, rows, columns)
    got = sample(net, torch.from_numpy(seen), steps, torch.Generator().manual_seed(3)).numpy()
    got = np.minimum(got, lightest(stack, px_per_mm)[rows, columns, None] / CHANGE)
    change = np.zeros((*planes.shape[:2], 4), np.float32)
    change[rows, columns, :3], change[rows, columns, 3] = got, 1
    blurred = (cv2.GaussianBlur(change, (0, 0), mm * px_per_mm) for mm in (FINE, COARSE))
    fine, coarse = (CHANGE * b[..., :3] / np.maximum(b[..., 3:], 1e-3) for b in blurred)
    far = cv2.distanceTransform((stack[..., 3] <= SHOWS).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / px_per_mm
    t = np.clip((far - NEAR[0]) / (NEAR[1] - NEAR[0]), 0, 1)
    near = np.repeat((1 - t * t * (3 - 2 * t))[..., None], 3, -1)
    if planes.shape[:2] != (height, width):
        fine, coarse, near = (cv2.resize(b.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for b in (fine, coarse, near))
    return fine, coarse, near


def detail(picture, inside):
    """As src/accuracy/seam/figures.rs."""
    luma, share = picture @ np.array([0.2126, 0.7152, 0.0722]), inside.astype(float)
    total = lambda v: cv2.boxFilter(v, -1, (5, 5), normalize=False)
    return (((luma - total(luma * share) / np.maximum(total(share), 1)) ** 2)[inside]).mean()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("run")
    ap.add_argument("pairs", nargs="+")
    ap.add_argument("--steps", type=int, default=1)
    ap.add_argument("--sheet")
    ap.add_argument("--all", action="store_true", help="everybody in the folders, not only the persons that are held out")
    args = ap.parse_args()
    torch.set_num_threads(2)
    net = weights(args.run)
    ratios, details, strips = [], [], []
    for pair in load(args.pairs, None if args.all else True):
        fine, coarse, near = change_of(net, pair, args.steps)
        stack = stack_of(pair["planes"], 0).astype(np.float32) / 255
        worn, before, band = stack[..., 0:3], stack[..., 6:9], stack[..., 4:5]
        inside = band[..., 0] > 0
        changes = [coarse + gain * near * (fine - coarse) for gain in GAINS]
        pictures = [before] + [before + band * (lit(before, np.exp(change)) - before) for change in changes]
        pictures = [np.round(np.clip(p, 0, 1) * 255) / 255 for p in pictures]
        far = [delta_e(lab(p[inside]), lab(worn[inside])).mean() for p in pictures]
        ratios.append(np.array(far[1:]) / max(far[0], 1e-6))
        details.append([detail(p, inside) / max(detail(worn, inside), 1e-12) for p in pictures])
        print(f"{pair['name']}: ΔE2000 {far[0]:.2f} -> " + " ".join(f"{v:.2f}" for v in far[1:]), flush=True)
        strips.append([pictures[0], pictures[1], worn])
    print(f"detail before: {np.median(np.array(details)[:, 0]):.2f}")
    for k, gain in enumerate(GAINS):
        r, d = np.array(ratios)[:, k], np.array(details)[:, k + 1]
        print(f"gain {gain}: after / before median {np.median(r):.3f}, mean {r.mean():.3f}, worse on {(r > 1).sum()} of {len(r)}; detail median {np.median(d):.2f}, mean {d.mean():.2f}")
    if args.sheet:
        wide = max(sum(p.shape[1] for p in s) for s in strips)
        rows = [np.pad(np.hstack(s), ((0, 4), (0, wide - sum(p.shape[1] for p in s)), (0, 0))) for s in strips]
        cv2.imwrite(args.sheet, np.round(np.vstack(rows)[..., ::-1] * 255).clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
