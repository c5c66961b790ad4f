"""Rendered portraits with known ears, as the studio in samples/studio writes them."""
import glob
import json
import os
from dataclasses import dataclass

import cv2
import numpy as np

BODY = ("skin", "hair", "cloth", "eye", "brow")


@dataclass
class Ear:
    """One ear of one picture."""

    scene: str
    rgb: np.ndarray  # height x width x 3, 0..1
    body: np.ndarray  # coverage of the person, 0..1
    hair: np.ndarray  # coverage of hair, 0..1
    lobe: np.ndarray  # where the lobe is pierced, pixels
    px_per_mm: float
    roll: float  # of the head, clockwise, radians
    left: bool
    seen: bool  # neither head nor hair nor frame hides it


def mask(stem, name, shape):
    image = cv2.imread(f"{stem}_mask_{name}.png", cv2.IMREAD_GRAYSCALE)
    return np.zeros(shape, np.float32) if image is None else image.astype(np.float32) / 255


def ears_of(path):
    """Ears of the bare picture of a scene, and of the worn one where there is one."""
    with open(path) as f:
        scene = json.load(f)
    if scene["kind"] != "portrait":
        return
    points = {k: np.asarray(v[:2], float) for k, v in scene["landmarks2d"].items()}
    across = points["eye_outer_L"] - points["eye_outer_R"]
    roll = float(np.arctan2(across[1], across[0])) if abs(scene["spec"]["yaw"]) < 60 else 0.0
    for kind in ("bare", "worn"):
        stem = f"{path[:-5]}_{kind}"
        if not os.path.exists(f"{stem}.png"):
            continue
        rgb = cv2.imread(f"{stem}.png")[..., ::-1].astype(np.float32) / 255
        masks = {k: mask(stem, k, rgb.shape[:2]) for k in BODY}
        body = np.clip(sum(masks.values()) + mask(stem, "jewelry", rgb.shape[:2]), 0, 1)
        for side, ear in scene["ears"].items():
            yield Ear(
                scene=scene["name"],
                rgb=rgb,
                body=body,
                hair=masks["hair"],
                lobe=np.asarray(ear["pierce2d"][:2], float),
                px_per_mm=ear["px_per_mm"],
                roll=roll,
                left=side == "L",
                seen=bool(ear["visible"]),
            )


def load(folders):
    return [ear for folder in folders for path in sorted(glob.glob(f"{folder}/*.json")) for ear in ears_of(path)]
