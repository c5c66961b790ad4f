#!/usr/bin/env python3
"""Records what MediaPipe 0.10.14 finds in the pictures beside this script, for tests/reference.rs to compare with.

    pip install -r requirements.txt && python record.py

Writes expected.json and *_mask.png. Landmarks are in pixels of the picture (x / width and so on undone; z in pixels
too, as MediaPipe scales it by the width), visibility and scores as MediaPipe gives them.

    python record.py --pictures STUDIO_SHOTS

makes the pictures again from shots of samples/studio: a frontal and a turned portrait, one rolled by 24°, a hand from
the back and one that hangs, in frames that are not all square.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
# picture: (shot, crop in fractions of the shot, rotation in degrees, size)
PICTURES = {
    "portrait_front": ("p01_s010", (0, 0, 1, 1), 0, (512, 512)),
    "portrait_turned": ("p02_s038", (0.1, 0, 0.9, 1), 0, (400, 500)),
    "portrait_rolled": ("p02_s029", (0, 0, 1, 0.75), 24, (512, 384)),
    "hand_back": ("h01_s110", (0.125, 0.125, 1, 1), 0, (448, 448)),
    "hand_hanging": ("h02_s111", (0.125, 0, 0.875, 1), 150, (384, 512)),
}


def make_pictures(shots):
    for name, (shot, crop, degrees, size) in PICTURES.items():
        shot = Image.open(next(Path(shots).glob(f"{shot}*_bare.png"))).convert("RGB")
        fill = tuple(int(v) for v in np.median(np.asarray(shot)[:40].reshape(-1, 3), 0))
        turned = shot.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill)
        box = [f * side for f, side in zip(crop, shot.size * 2)]
        picture = turned.resize(size, Image.Resampling.LANCZOS, box=box)
        picture.save(HERE / f"{name}.webp", lossless=True, method=6)


def rounded(points):
    return [[round(float(v), 4) for v in p] for p in points]


def record(picture):
    import mediapipe as mp

    pixels = np.asarray(Image.open(picture).convert("RGB"))
    height, width = pixels.shape[:2]
    scale = np.array([width, height, width])
    solutions = mp.solutions

    def landmarks(found):
        return rounded(np.array([[p.x, p.y, p.z] for p in found.landmark]) * scale)

    out = {"width": width, "height": height}
    with solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=2) as model:
        out["faces"] = [landmarks(f) for f in model.process(pixels).multi_face_landmarks or []]
    with solutions.pose.Pose(static_image_mode=True, model_complexity=1) as model:
        found = model.process(pixels).pose_landmarks
        out["pose"] = found and [
            p + [round(q.visibility, 5)] for p, q in zip(landmarks(found), found.landmark)
        ]
    with solutions.hands.Hands(static_image_mode=True, model_complexity=1, max_num_hands=2) as model:
        found = model.process(pixels)
        hands, sides = found.multi_hand_landmarks or [], found.multi_handedness or []
        out["hands"] = [
            {"label": s.classification[0].label, "landmarks": landmarks(h)}
            for h, s in zip(hands, sides)
        ]
    with solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as model:
        mask = model.process(pixels).segmentation_mask
        Image.fromarray(np.round(mask * 255).astype(np.uint8)).save(HERE / f"{picture.stem}_mask.png")
    return out


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--pictures", metavar="STUDIO_SHOTS")
    shots = args.parse_args().pictures
    if shots:
        make_pictures(shots)
    expected = {name: record(HERE / f"{name}.webp") for name in PICTURES}
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for name, found in expected.items():
        hands = [h["label"] for h in found["hands"]]
        print(name, "faces", len(found["faces"]), "pose", bool(found["pose"]), "hands", hands)


if __name__ == "__main__":
    main()
