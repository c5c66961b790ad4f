"""Records what features.py gives for a small made-up view, for the test of src/inpaint/features.rs.

    python fixture.py ../../../tests/inpaint/band_features.json
"""
import json
import sys

import cv2
import numpy as np

from features import SHOWS, features

SIDE, PX_PER_MM = 24, 2.3
rng = np.random.default_rng(4)
smooth = lambda v: cv2.GaussianBlur(v.astype(np.float32), (0, 0), 1.5)
picture = np.round(np.clip(0.5 + smooth(rng.normal(0, 1, (SIDE, SIDE, 3))), 0.05, 0.95), 3).astype(np.float32)
y, x = np.mgrid[:SIDE, :SIDE]
alpha = np.round(np.clip(5.5 - np.abs(x + 0.4 * y - 14), 0, 1), 3).astype(np.float32)
shadow = np.round(np.clip(smooth(rng.random((SIDE, SIDE))), 0, 1), 3).astype(np.float32)
other = np.round(np.clip((x - y) / 6 - 2.2, 0, 1) * (1 - alpha), 3).astype(np.float32)
rows, columns = np.nonzero(alpha <= SHOWS)
rows, columns = rows[::37], columns[::37]
told = features(picture, alpha, shadow, other, PX_PER_MM, rows, columns)
record = dict(
    side=SIDE, px_per_mm=PX_PER_MM, picture=picture.reshape(-1, 3).tolist(), alpha=alpha.ravel().tolist(), shadow=shadow.ravel().tolist(),
    other=other.ravel().tolist(), pixels=(rows * SIDE + columns).tolist(), features=told.round(5).tolist(),
)
rounded = json.loads(json.dumps(record), parse_float=lambda v: round(float(v), 5))
with open(sys.argv[1], "w") as f:
    json.dump(rounded, f)
