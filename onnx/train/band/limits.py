"""How much of what the pass is to mend one picture's own half tells about its other half.

    python limits.py PAIRS [PAIRS ..]

For each held-out picture the wanted change is fitted by least squares with the piece's coverage, blurred at four widths
and displaced in eight directions by 0.8, 1.6 and 3.2 mm, the piece's blurred colour and the shadow that was laid, all
times the picture's brightness: on every other square of 6 mm. Printed is ΔE2000 in the band, after / before, on the
squares that were not fitted. A model that knows the light, the metal and the mean height of the piece exactly does no better
than such a fit, as long as it sees nothing that tells one stretch of the piece from the next.
"""
import argparse

import cv2
import numpy as np

from data import load, stack_of
from evaluate import delta_e, lab

SQUARE_MM = 6.0
DISPLACED_MM = ((0.8, 0.4), (1.6, 0.7), (3.2, 1.2))  # by, and blurred by
RIDGE = 3e-3


def features(before, alpha, shadow, px_per_mm):
    """What the change may depend on, each of the picture's size."""

    def blurred(plane, mm):
        return cv2.GaussianBlur(plane, (0, 0), max(0.3, px_per_mm * mm))

    def displaced(by, angle):
        x, y = by * px_per_mm * np.cos(angle), by * px_per_mm * np.sin(angle)
        return cv2.warpAffine(alpha, np.float32([[1, 0, x], [0, 1, y]]), alpha.shape[::-1], flags=cv2.INTER_LINEAR)

    out = [blurred(alpha, mm) for mm in (0.4, 0.8, 1.5, 3.0)] + [shadow, np.ones_like(shadow)]
    out += [blurred(displaced(by, k * np.pi / 4), mm) for k in range(8) for by, mm in DISPLACED_MM]
    out += [blurred(np.ascontiguousarray(before[..., c]) * alpha, mm) for mm in (0.5, 1.0, 2.0) for c in range(3)]
    return out


def after_over_before(pair):
    stack = stack_of(pair, 0).astype(np.float32) / 255
    before, worn, alpha, band, shadow = stack[..., :3], stack[..., 3:6], stack[..., 6], stack[..., 7], stack[..., 9]
    inside = (band > 0) & (pair["counted"][..., 0] > 0)
    y, x = np.nonzero(inside)
    square = max(8, int(SQUARE_MM * pair["px_per_mm"]))
    odd = (y // square + x // square) % 2 == 1
    bright = before.mean(-1)[inside]
    known = np.stack([f[inside] for f in features(before, alpha, shadow, pair["px_per_mm"])], 1) * bright[:, None]
    wanted, painted = (worn - before)[inside], before[inside].copy()
    for fitted in (odd, ~odd):
        scale = np.sqrt((known[fitted] ** 2).mean(0)) + 1e-4
        a = known / scale
        normal = a[fitted].T @ a[fitted] + RIDGE * fitted.sum() * np.eye(a.shape[1])
        painted[~fitted] += a[~fitted] @ np.linalg.solve(normal, a[fitted].T @ wanted[fitted])
    goal = lab(worn[inside])
    return delta_e(lab(np.clip(painted, 0, 1)), goal).mean() / max(delta_e(lab(before[inside]), goal).mean(), 1e-6)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("pairs", nargs="+")
    args = ap.parse_args()
    ratios = {}
    for pair in load(args.pairs, True):
        ratios.setdefault(pair["name"][:3], []).append(after_over_before(pair))
    for person, values in sorted(ratios.items()):
        print(f"{person}: median {np.median(values):.2f} of {len(values)}")
    every = np.concatenate(list(ratios.values()))
    print(f"all: median {np.median(every):.2f}, worse on {(every > 1).mean():.0%} of {len(every)}")


if __name__ == "__main__":
    main()
