"""Scenes of the studio as canonical head crops with unmixed layers, one .npz each.

    python prepare.py SCENES OUT      # needs mediapipe 0.10.14, opencv-python, numpy

SCENES holds X_bare.png with X_bare_mask_{skin,hair,cloth,eye,brow}.png. A crop is a square that stands upright,
SIDE face heights wide (see geometry.py), at STORE pixels. Each class's colours are carried on under its neighbours, so that
layers can be recoloured and laid over each other anew with the same soft masks.
"""
import glob
import os
import sys

import cv2
import mediapipe as mp
import numpy as np

from geometry import STORE, STORE_SIDE, face_square

CLASSES = ("skin", "hair", "cloth", "background")


def read_masks(stem, shape):
    def one(name):
        m = cv2.imread(f"{stem}_mask_{name}.png", cv2.IMREAD_GRAYSCALE)
        return np.zeros(shape, np.float32) if m is None else m.astype(np.float32) / 255

    skin = one("skin") + one("eye") + one("brow")
    hair, cloth = one("hair"), one("cloth")
    return np.stack([skin, hair, cloth, np.clip(1 - skin - hair - cloth, 0, 1)], -1)


def unmix(image, mask):
    """The colours of one class, carried on smoothly to where it is not pure."""
    weight = np.clip(mask, 0, 1) ** 4
    near = image.astype(np.float32)
    out, known = near * weight[..., None], weight.copy()
    for sigma in (2, 6, 20, 60):
        w = cv2.GaussianBlur(weight, (0, 0), sigma)
        c = cv2.GaussianBlur(near * weight[..., None], (0, 0), sigma)
        fill = np.clip(1 - known, 0, 1) * np.minimum(1, w * 40)
        out += c / np.maximum(w, 1e-6)[..., None] * fill[..., None]
        known += fill
    left = np.clip(1 - known, 0, 1)
    mean = (near * weight[..., None]).sum((0, 1)) / max(weight.sum(), 1e-3)
    return np.clip(out + mean * left[..., None], 0, 255).astype(np.uint8)


def main(scenes, out):
    os.makedirs(out, exist_ok=True)
    mesh = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=1, min_detection_confidence=0.4)
    person = mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    for path in sorted(glob.glob(f"{scenes}/p*_bare.png")):
        name = os.path.basename(path)[: -len("_bare.png")]
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        h, w = image.shape[:2]
        found = mesh.process(image)
        if not found.multi_face_landmarks:
            print(name, "no face")
            continue
        points = np.array([[p.x * w, p.y * h, p.z * w] for p in found.multi_face_landmarks[0].landmark])
        centre, side = face_square(points, STORE_SIDE)
        scale = STORE / side
        m = np.array([[scale, 0, STORE / 2 - centre[0] * scale], [0, scale, STORE / 2 - centre[1] * scale]])

        def warp(x, border=cv2.BORDER_REPLICATE):
            if scale < 1:
                x = cv2.GaussianBlur(x, (0, 0), 0.4 / scale)
            return cv2.warpAffine(x, m, (STORE, STORE), flags=cv2.INTER_LINEAR, borderMode=border)

        masks = read_masks(path[:-4], (h, w))
        layers = [warp(unmix(image, masks[..., i])) for i in range(4)]
        cover = (person.process(image).segmentation_mask * 255).astype(np.uint8)
        np.savez(
            f"{out}/{name}.npz",
            layers=np.stack(layers),
            masks=(warp(masks) * 255).astype(np.uint8),
            picture=warp(image),
            person=warp(cover),
            valid=warp(np.full((h, w), 255, np.uint8), cv2.BORDER_CONSTANT),
            points=points[:, :2] @ m[:, :2].T + m[:, 2],
            size=np.array([side]))
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:3])
