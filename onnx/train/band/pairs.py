"""Composites such as Parure makes, beside the pictures that they should be.

    python pairs.py RENDERS PAIRS [--shadows 6]

RENDERS holds NAME_bare.png, NAME_worn.png, NAME_worn_mask_jewelry.png, NAME_bare_mask_skin.png and NAME.json of
samples/studio. Each pair is one .npz: composite, target, alpha, band, shadow (8 bits), px_per_mm and person.
"""
import argparse
import glob
import json
import os

import cv2
import numpy as np

HELD_OUT = ("p06", "p07", "h05", "h06")
BAND_MM, MIN_PX = 3.0, 3.0


def to_linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def to_srgb(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def read(path, flags=cv2.IMREAD_COLOR):
    image = cv2.imread(path, flags)
    if image is None:
        raise SystemExit(f"{path}: cannot be read")
    if image.ndim == 3:
        image = image[..., 2::-1]
    return image.astype(np.float32) / 255


def px_per_mm(scene):
    """Focal length over the median depth of the jewelry's curves, else of the landmarks."""
    camera = scene["camera"]
    view = np.array(camera["world_to_camera_blender"])
    points = [p for piece in scene["jewelry"] if isinstance(piece, dict) for p in piece.get("curve3d", [])]
    points = points or list(scene["landmarks3d"].values())
    depth = -(np.array(points) @ view[:3, :3].T + view[:3, 3])[:, 2]
    return camera["fx"] / (float(np.median(depth)) * 1000)


def smooth(a, b, v):
    t = np.clip((v - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def band_of(alpha, skin, scale):
    """As src/inpaint/band.rs: the new paint's share, and where the band runs out."""
    width = max(BAND_MM * scale, MIN_PX)
    solid = (alpha >= 0.5).astype(np.uint8)
    outside = cv2.distanceTransform(1 - solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    t = np.maximum((outside - 0.5) / width, 0)
    band = (1 - smooth(0.5, 1, t)) * smooth(0.6, 0.95, skin)
    band[(t >= 1) | (alpha >= 0.98) | ((alpha >= 0.5) & (inside - 0.5 > 1))] = 0
    return band * (1 - alpha)


def shadow_of(alpha, scale, rng):
    """A contact part and a directional part, of any rightness."""
    blur = lambda image, mm: cv2.GaussianBlur(image, (0, 0), max(mm * scale, 0.3))
    contact = rng.uniform(0, 0.8) * blur(alpha, rng.uniform(0.3, 1.2))
    offset = rng.uniform(0, 3.0) * scale
    angle = rng.uniform(0, 2 * np.pi)
    move = np.float32([[1, 0, offset * np.cos(angle)], [0, 1, offset * np.sin(angle)]])
    cast = cv2.warpAffine(alpha, move, alpha.shape[::-1])
    cast = rng.uniform(0, 0.5) * blur(cast, rng.uniform(0.4, 3.0))
    return np.clip(1 - (1 - contact) * (1 - cast), 0, 0.95)


def darken(linear, shadow):
    """Light that is left, per channel: skin lets red through longest."""
    left = 1 - shadow[..., None]
    return linear * left ** np.array([0.9, 1.0, 1.06], np.float32)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("renders")
    ap.add_argument("pairs")
    ap.add_argument("--shadows", type=int, default=6, help="composites of each scene")
    args = ap.parse_args()
    os.makedirs(args.pairs, exist_ok=True)
    for path in sorted(glob.glob(f"{args.renders}/*_worn.png")):
        stem = path[: -len("_worn.png")]
        name = os.path.basename(stem)
        with open(f"{stem}.json") as f:
            scene = json.load(f)
        bare, worn = read(f"{stem}_bare.png"), read(f"{stem}_worn.png")
        alpha = read(f"{stem}_worn_mask_jewelry.png", cv2.IMREAD_GRAYSCALE)
        # Skin of the bare picture, eyes and brows left out; hair may lie over it in both.
        skin = read(f"{stem}_bare_mask_skin.png", cv2.IMREAD_GRAYSCALE)
        scale = px_per_mm(scene)
        band = band_of(alpha, skin, scale)
        for i in range(args.shadows):
            rng = np.random.default_rng([scene["seed"], i])
            shadow = shadow_of(alpha, scale, rng) * skin
            under = darken(to_linear(bare), shadow)
            pasted = alpha[..., None] * to_linear(worn) + (1 - alpha[..., None]) * under
            eight = lambda v: np.round(np.clip(v, 0, 1) * 255).astype(np.uint8)
            np.savez_compressed(
                f"{args.pairs}/{name}_{i}.npz", composite=eight(to_srgb(pasted)), target=eight(worn), alpha=eight(alpha),
                band=eight(band), shadow=eight(shadow), px_per_mm=np.float32(scale), person=scene["preset"],
            )
        print(f"{name}: {scale:.2f} px per mm, band {int((band > 0).sum())} px", flush=True)


if __name__ == "__main__":
    main()
