"""Records the network's shares for the portraits in tests/reference, with MediaPipe's mesh and mask and ONNX Runtime.

    python record.py      # needs mediapipe 0.10.14, onnxruntime, opencv-python, numpy

Writes tests/reference/regions.json: per picture the shares of skin, hair, cloth and background, averaged over a square
of CELLS x CELLS, row by row; `geometry.py` makes the input.
"""
import json
from pathlib import Path

import cv2
import mediapipe as mp
import numpy as np
import onnxruntime

from geometry import SIZE, channels, face_square

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ["portrait_front", "portrait_turned"]
CELLS = 24


def main():
    session = onnxruntime.InferenceSession(str(ROOT / "onnx/face_regions.onnx"))
    mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True)
    person = mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    out = {}
    for name in PICTURES:
        image = cv2.cvtColor(cv2.imread(str(ROOT / f"tests/reference/{name}.webp")), cv2.COLOR_BGR2RGB)
        height, width = image.shape[:2]
        found = mesh.process(image).multi_face_landmarks[0].landmark
        points = np.array([[p.x * width, p.y * height, p.z * width] for p in found])
        centre, side = face_square(points)
        scale = SIZE / side
        # Pixel centres lie at halves.
        shift = SIZE / 2 - 0.5 - (centre - 0.5) * scale
        m = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        soft = cv2.GaussianBlur(image, (0, 0), max(0.4 / scale, 0.1))
        picture = cv2.warpAffine(soft, m, (SIZE, SIZE)).astype(np.float32) / 255
        mask = person.process(image).segmentation_mask
        cover = cv2.warpAffine(mask, m, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
        x = channels(picture, cover, points[:, :2] * scale + shift + 0.5)
        shares = session.run(None, {"input": x.transpose(1, 2, 0)[None]})[0][0]
        step = SIZE // CELLS
        coarse = shares.reshape(CELLS, step, CELLS, step, 4).mean((1, 3)).reshape(-1, 4)
        out[name] = [[round(float(v), 3) for v in cell] for cell in coarse]
    text = json.dumps(out, separators=(",", ":"))
    (ROOT / "tests/reference/regions.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
