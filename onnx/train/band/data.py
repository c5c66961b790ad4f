"""Pixels of pairs, as the network takes them."""
import csv

import cv2
import numpy as np

from features import FINEST, SHOWS, features, linear
from net import BOUND, CHANGE

HELD_OUT = 12  # every so many persons one is never trained on
DARKEST, BRIGHTEST = 2e-3, 0.985  # linear values between which a gain can be told


def load(folders, held_out):
    """Pairs that `parure accuracy RENDERS --seam --pairs FOLDER` wrote. `held_out`: the persons that are kept back, or all others;
    None: everybody."""
    out = []
    for folder in folders:
        with open(f"{folder}/scale.csv") as f:
            rows = [row for row in csv.reader(f) if row]
        for name, scale in sorted(rows):
            person = int(name.split("_")[0][1:])
            if held_out is not None and (person % HELD_OUT == HELD_OUT - 1) != held_out:
                continue
            planes, px_per_mm = np.load(f"{folder}/{name}.npy"), float(scale)
            if (planes[..., 4] > 0).sum() >= 50:
                out.append(dict(name=name, planes=planes, px_per_mm=px_per_mm))
    return out


def shadows(pair):
    return (pair["planes"].shape[2] - 6) // 4


def shrunk(planes, px_per_mm):
    """At most FINEST px per mm; as the program's own tiles."""
    zoom = FINEST / px_per_mm
    if zoom >= 1:
        return planes, px_per_mm
    size = [round(n * zoom) for n in planes.shape[1::-1]]
    parts = [cv2.resize(np.ascontiguousarray(planes[..., i]), size, interpolation=cv2.INTER_AREA) for i in range(planes.shape[2])]
    return np.stack(parts, -1), px_per_mm * size[0] / planes.shape[1]


def stack_of(planes, k):
    """[h, w, 10]: worn, coverage, band, other, composite, shadow."""
    at = 6 + 4 * k
    return np.concatenate([planes[..., :6], planes[..., at : at + 4]], -1)


def encoded(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def lit(srgb, gain):
    """An sRGB-encoded picture when the odds of its linear light are multiplied, as src/inpaint/compact.rs does."""
    v = np.clip(linear(srgb), 0, 1)
    return encoded(v * gain / np.maximum(1 - v + v * gain, 1e-6))


def log_odds(srgb):
    v = np.clip(linear(srgb), DARKEST, BRIGHTEST)
    return np.log(v / (1 - v))


def told(pair, k, **as_if):
    """(features, wanted change in units of CHANGE) of the band's pixels with shadow `k`."""
    planes, px_per_mm = shrunk(pair["planes"], pair["px_per_mm"])
    stack = stack_of(planes, k).astype(np.float32) / 255
    worn, alpha, band, composite, shadow = stack[..., 0:3], stack[..., 3], stack[..., 4], stack[..., 6:9], stack[..., 9]
    rows, columns = np.nonzero((band > 0.02) & (alpha <= SHOWS))
    seen = features(composite, alpha, shadow, stack[..., 5], px_per_mm, rows, columns, **as_if)
    wanted = (log_odds(worn[rows, columns]) - log_odds(composite[rows, columns])) / CHANGE
    return seen, np.clip(wanted, -BOUND, BOUND).astype(np.float32)
