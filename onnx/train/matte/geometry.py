"""The head-normalised square, its input channels: the same arithmetic as src/locate/matte/ in Rust."""
import cv2
import numpy as np

SIZE = 192  # network input
SIDE = 3.4  # side of the square in face heights
DOWN = 0.45  # its centre lies this many face heights below the face's middle
STORE, STORE_SIDE = 320, 4.2  # training crops are stored larger, for rotation and scale

TOP, CHIN = 10, 152
EARS = (234, 454)  # mesh points before the ears
OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
        150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]
# Mesh points on bare skin: forehead, bridge of the nose, cheeks, chin.
SKIN = [9, 8, 151, 108, 337, 6, 197, 195, 5, 50, 280, 101, 330, 118, 347, 205, 425, 36, 266, 117, 346, 187, 411, 207,
        427, 199, 200, 32, 262]
EPS = 0.005


def face_square(points, side=SIDE):
    """Centre and side in pixels from mesh points (x, y, z in pixels)."""
    height = np.linalg.norm(points[TOP] - points[CHIN])
    centre = (points[TOP, :2] + points[CHIN, :2]) / 2
    return centre + [0, DOWN * height], side * height


def log_colour(rgb):
    """Mean log intensity and two log ratios of linear RGB; rgb is sRGB 0..1."""
    lin = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    e = np.log(lin + EPS)
    return np.stack([e.mean(-1), e[..., 0] - e[..., 1], e[..., 2] - e[..., 1]], -1)


def channels(rgb, person, points):
    """Input [8, SIZE, SIZE]: RGB, difference to the person's own skin, person cover, face oval. points: x, y in input pixels."""
    logc = log_colour(cv2.blur(rgb, (3, 3)))
    p = np.round(points[SKIN] - 0.5).astype(int)
    inside = ((p >= 0) & (p < SIZE)).all(1)
    own = np.median(logc[p[inside, 1], p[inside, 0]], 0) if inside.any() else np.zeros(3)
    relative = np.clip((log_colour(rgb) - own) * [0.5, 1.5, 1.0], -1.5, 1.5)
    oval = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(oval, [np.round((points[OVAL] - 0.5) * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    return np.concatenate(
        [rgb.transpose(2, 0, 1) - 0.5, relative.transpose(2, 0, 1), person[None] - 0.5, oval[None] / 255.0 - 0.5]
    ).astype(np.float32)
