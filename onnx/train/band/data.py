"""Tiles of pairs, as the network takes them."""
import glob
import os

import cv2
import numpy as np

from net import CHANGE
from pairs import HELD_OUT

SIDE = 128


def load(folder, held_out):
    out = []
    for path in sorted(glob.glob(f"{folder}/*.npz")):
        with np.load(path) as z:
            if (str(z["person"]) in HELD_OUT) != held_out:
                continue
            pair = {k: z[k] for k in z.files}
        pair["name"] = os.path.basename(path)[:-4]
        pair["places"] = np.argwhere(pair["band"] > 127)
        if len(pair["places"]) > 0:
            out.append(pair)
    return out


def planes(pair):
    """Composite, target, alpha, band and shadow side by side, 0..=1."""
    ones = lambda k: pair[k][..., None]
    return np.concatenate([pair["composite"], pair["target"], ones("alpha"), ones("band"), ones("shadow")], -1).astype(
        np.float32
    ) / 255


def tensors(tile, px_per_mm):
    """(condition, clean change, weight) of a tile of `planes`."""
    tile = tile.transpose(2, 0, 1)
    composite, target, rest, band = tile[:3], tile[3:6], tile[6:9], tile[7:8]
    scale = np.full_like(band, np.log2(max(px_per_mm, 1e-3)) / 4)
    condition = np.concatenate([composite * 2 - 1, rest, scale])
    inside = (band > 0).astype(np.float32)
    return condition, (target - composite) / CHANGE * inside, inside


def tile_at(stack, centre, side):
    """A square around a place; the border's pixels go on outside."""
    half = side // 2
    padded = cv2.copyMakeBorder(stack, half, half, half, half, cv2.BORDER_REPLICATE)
    y, x = centre
    return padded[y : y + side, x : x + side]


def augmented(rng, pair):
    """One tile around a random place of the band, changed as photographs differ."""
    stack = planes(pair)
    zoom = float(np.exp(rng.uniform(np.log(0.6), np.log(1.6))))
    side = int(np.clip(round(SIDE / zoom), 32, 256))
    centre = pair["places"][rng.integers(len(pair["places"]))] + rng.integers(-side // 4, side // 4 + 1, 2)
    centre = np.clip(centre, 0, np.array(stack.shape[:2]) - 1)
    tile = tile_at(stack, centre, side)
    tile = cv2.resize(tile, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC)
    tile = np.clip(tile, 0, 1)
    tile = np.rot90(tile, rng.integers(4))
    if rng.random() < 0.5:
        tile = tile[:, ::-1]
    tile = tile.copy()
    # The camera's doing, the same before and after: exposure and white balance, blur, noise, JPEG.
    gain = np.exp(rng.normal(0, 0.12, 3) + rng.normal(0, 0.2)).astype(np.float32)
    pictures = [np.clip(tile[..., k : k + 3] ** 2.2 * gain, 0, 1) ** (1 / 2.2) for k in (0, 3)]
    if rng.random() < 0.4:
        sigma = rng.uniform(0.3, 1.2)
        pictures = [cv2.GaussianBlur(p, (0, 0), sigma) for p in pictures]
    if rng.random() < 0.6:
        noise = rng.normal(0, rng.uniform(0.002, 0.02), pictures[0].shape).astype(np.float32)
        pictures = [p + noise for p in pictures]
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))]
        eight = [np.round(np.clip(p, 0, 1) * 255).astype(np.uint8) for p in pictures]
        pictures = [cv2.imdecode(cv2.imencode(".jpg", p, quality)[1], cv2.IMREAD_COLOR).astype(np.float32) / 255 for p in eight]
    tile[..., :3], tile[..., 3:6] = (np.clip(p, 0, 1) for p in pictures)
    return tensors(tile, float(pair["px_per_mm"]) * SIDE / side)
