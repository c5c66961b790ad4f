"""Tiles of pairs, as the network takes them."""
import csv
import os
import re

import cv2
import numpy as np

from net import CHANGE

SIDE = 128  # px of a tile
PX_PER_MM = 4.0  # of a tile, before it is zoomed
HELD_OUT = ("p06", "p07", "h05", "h06")  # persons that are never trained on
HEIGHT = 255 / 25 / 10  # planes hold 1/25 mm; the network takes shares of 10 mm


def load(folders, held_out):
    """Pairs that `parure accuracy RENDERS --seam --pairs FOLDER` wrote: shared planes, and one composite for each shadow."""
    out = []
    for folder in folders:
        with open(f"{folder}/scale.csv") as f:
            rows = [row for row in csv.reader(f) if row]
        for name, scale in sorted(rows):
            if (name[:3] in HELD_OUT) != held_out:
                continue
            planes = np.load(f"{folder}/{name}.npy")
            # What the renderer's denoiser takes from the piece into the next pixel is no light on skin.
            counted = np.where(cv2.dilate(planes[..., 3], np.ones((3, 3), np.uint8)) > 0, 0, 255).astype(np.uint8)
            places = np.argwhere((planes[..., 4] > 127) & (counted > 0))
            if len(places) < 20:
                continue
            # One scene, several lights: all count as much as one.
            out.append(dict(name=name, planes=planes, counted=counted[..., None], places=places, px_per_mm=float(scale)))
    return out


def shadows(pair):
    return (pair["planes"].shape[2] - 6) // 4


def stack_of(pair, k):
    """[h, w, 11]: composite, worn, coverage, band, height, shadow, what counts; bytes."""
    p = pair["planes"]
    at = 6 + 4 * k
    return np.concatenate([p[..., at : at + 3], p[..., :6], p[..., at + 3 : at + 4], pair["counted"]], -1)


def cut(stack, centre, size, side, turn=0.0):
    """A square of `size` source pixels around a place, `side` pixels large, turned; the border's pixels go on outside."""
    zoom = side / size
    a, b = zoom * np.cos(turn), zoom * np.sin(turn)
    y, x = centre[0] + 0.5, centre[1] + 0.5
    matrix = np.float32([[a, b, side / 2 - a * x - b * y - 0.0], [-b, a, side / 2 + b * x - a * y - 0.0]])
    # Pixel centres lie at halves.
    matrix[:, 2] += matrix[:, :2] @ np.float32([0.5, 0.5]) - 0.5
    reach = int(np.ceil(size * 0.75)) + 4
    pad = [[max(0, reach - int(c)), max(0, int(c) + reach - n)] for c, n in zip((y, x), stack.shape[:2])]
    part = stack[max(0, int(y) - reach) : int(y) + reach, max(0, int(x) - reach) : int(x) + reach]
    part = np.pad(part, (*pad, (0, 0)), mode="edge").astype(np.float32) / 255
    if zoom < 1:
        part = cv2.GaussianBlur(part, (0, 0), 0.45 / zoom)
    origin = np.float32([int(x) - reach, int(y) - reach])
    matrix[:, 2] += matrix[:, :2] @ origin
    planes = [
        cv2.warpAffine(np.ascontiguousarray(part[..., i : i + 4]), matrix, (side, side), flags=cv2.INTER_CUBIC if zoom >= 1 else cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for i in range(0, part.shape[2], 4)
    ]
    planes = [p[..., None] if p.ndim == 2 else p for p in planes]
    return np.clip(np.concatenate(planes, -1), 0, 1)


def linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encoded(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def tensors(tile, px_per_mm, wanted=None):
    """(condition, wanted change, weight) of a tile; the change in units of CHANGE."""
    tile = tile.transpose(2, 0, 1)
    composite, worn, alpha, band, height, shadow = tile[:3], tile[3:6], tile[6:7], tile[7:8], tile[8:9], tile[9:10]
    counted = tile[10:11]
    scale = np.full_like(band, np.log2(max(px_per_mm, 1e-3)) / 4)
    condition = np.concatenate([composite * 2 - 1, alpha, band, shadow, np.minimum(height * HEIGHT, 1), scale])
    wanted = (worn - composite) / CHANGE if wanted is None else wanted.transpose(2, 0, 1) / CHANGE
    return condition.astype(np.float32), wanted.astype(np.float32), (band * (counted > 0.9)).astype(np.float32)


def smooth_field(rng, side, cells, by):
    grid = rng.normal(0, by, (cells + 3, cells + 3, 3)) + rng.normal(0, by, (cells + 3, cells + 3, 1))
    return cv2.resize(grid.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)


def augmented(rng, pairs, side=SIDE):
    """One tile around a random place of the band, changed as photographs differ."""
    pair = pairs[rng.integers(len(pairs))]
    # The shadow that the program lays is met most often.
    stack = stack_of(pair, 0 if rng.random() < 0.3 else int(rng.integers(shadows(pair))))
    zoom = float(np.exp(rng.uniform(np.log(0.85), np.log(1.2))))
    px_per_mm = PX_PER_MM * zoom
    size = side * pair["px_per_mm"] / px_per_mm
    centre = pair["places"][rng.integers(len(pair["places"]))] + rng.uniform(-size / 5, size / 5, 2)
    centre = np.clip(centre, 0, np.array(stack.shape[:2]) - 1)
    # Turned as cameras are held, no more: skin's light comes from above, and the band with it.
    tile = cut(stack, centre, size, side, rng.normal(0, 0.25))
    if rng.random() < 0.5:
        tile = tile[:, ::-1]
    tile = tile.copy()
    # Other skin, other exposure and white balance: the same gain on both pictures, here and there more or less.
    gain = np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.3) + smooth_field(rng, side, int(rng.integers(1, 7)), rng.uniform(0, 0.12)))
    composite, worn = (encoded(linear(tile[..., k : k + 3]) * gain) for k in (0, 3))
    wanted = worn - composite
    # What the camera does to the composite; the change that is wanted is free of it.
    if rng.random() < 0.3:
        composite = cv2.GaussianBlur(composite, (0, 0), rng.uniform(0.3, 1.0))
    if rng.random() < 0.6:
        noise = rng.normal(0, rng.uniform(0.002, 0.03), composite.shape)
        composite = composite + (cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 1.5)) if rng.random() < 0.5 else noise)
    if rng.random() < 0.3:
        eight = np.round(np.clip(composite, 0, 1) * 255).astype(np.uint8)
        composite = cv2.imdecode(cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))])[1], cv2.IMREAD_COLOR) / 255
    tile[..., :3] = np.clip(composite, 0, 1)
    return tensors(tile, px_per_mm, wanted)
