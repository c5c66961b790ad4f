"""Places on hands whose shading tells the light: what `src/locate/light` samples, sampled the same way."""
import cv2
import numpy as np

ACROSS = (-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75)
ALONG = (0.3, 0.5, 0.7)
UP_THE_ARM = (0.0, 0.5, 1.0)
FINGERS = ("thumb", "index", "middle", "ring", "pinky")
KNUCKLES = (5, 9, 13, 17)
FLAT = (7, 6)
BRIGHTEST = 0.95


def linear(v):
    v = np.asarray(v, float) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def patch(image, at, radius):
    """Median colour of the square around `at`, linear; None where it leaves the picture."""
    radius = min(max(radius, 1.0), 24.0)
    if not np.all(np.isfinite(at)):
        return None
    low, high = np.floor(at - radius).astype(int), np.ceil(at + radius).astype(int)
    if low.min() < 0 or high[0] > image.shape[1] or high[1] > image.shape[0]:
        return None
    return linear(np.median(image[low[1] : high[1], low[0] : high[0]].reshape(-1, 3), 0))


def unit(v):
    return v / (np.linalg.norm(v) + 1e-12)


def flipped(d):
    """From y down, z away to y up, z towards the camera."""
    return np.array([d[0], -d[1], -d[2]])


def light(color):
    """The light that left a colour, logarithmic; photographs compress what is bright."""
    v = min(float(np.dot(color, (0.2126, 0.7152, 0.0722))), BRIGHTEST)
    return np.log(v / (1 - v) + 1e-3)


def around(image, at, axis, half, in_order):
    """(frame, colour) across a cylinder from the thumb's side on, None where nothing is seen."""
    front = unit(np.array([0, 0, -1.0]) + axis * axis[2])
    side = np.cross(axis, front)
    step = unit(side[:2])
    frame = np.array([flipped(axis), flipped(side) * (1 if in_order else -1), flipped(front)])
    row = []
    for t in ACROSS:
        color = patch(image, at + step * (t * half), 0.1 * half)
        row.append(None if color is None else (frame, color))
    return row if in_order else row[::-1]


def mean(seen):
    seen = [s for s in seen if s is not None]
    return (seen[-1][0], np.mean([c for _, c in seen], 0)) if seen else None


def hand(image, report):
    """Stations of a hand as `parure locate --json` tells it, in the program's order."""
    points = np.array(report["landmarks"], float)
    in_order = (report["handedness"] == "right") == (report["side"] == "back")
    out = []
    for f, name in enumerate(FINGERS):
        finger = report["fingers"][name]
        for bone in range(3):
            a, b = points[1 + 4 * f + bone], points[2 + 4 * f + bone]
            if finger["visibility"] < 0.5:
                out += [None] * len(ACROSS)
                continue
            half = 0.5 * finger["width_px"] * 0.9**bone
            rows = [around(image, (a + (b - a) * t)[:2], unit(b - a), half, in_order) for t in ALONG]
            out += [mean(column) for column in zip(*rows)]
    wrist = report["wrist"]
    axis, width = np.array(wrist["axis"], float), wrist["width_px"]
    for along in UP_THE_ARM:
        at = np.array(wrist["center"]) - axis * (along * width)
        out += around(image, at, np.array([*axis, 0.0]), 0.5 * width, in_order)
    return out + flat(image, points, 0.15 * report["fingers"]["index"]["width_px"])


def flat(image, points, radius):
    across, along = points[KNUCKLES[3]] - points[KNUCKLES[0]], points[KNUCKLES[1]] - points[0]
    normal = flipped(unit(np.cross(across, along)))
    normal = normal if normal[2] > 0 else -normal
    y = flipped(unit(along))
    x = flipped(across)
    x = unit(x - y * (x @ y))
    frame = np.array([y, x, normal])
    middle = (points[KNUCKLES[0]] + points[KNUCKLES[3]])[:2] / 2
    out = []
    for column in range(FLAT[0]):
        q = column / (FLAT[0] - 1) * (len(KNUCKLES) - 1)
        i = min(int(q), len(KNUCKLES) - 2)
        knuckle = (points[KNUCKLES[i]] + (points[KNUCKLES[i + 1]] - points[KNUCKLES[i]]) * (q - i))[:2]
        heel = points[0][:2] + (knuckle - middle) * 0.55
        for row in range(FLAT[1]):
            color = patch(image, heel + (knuckle - heel) * (0.15 + 0.75 * row / (FLAT[1] - 1)), radius)
            out.append(None if color is None else (frame, color))
    return out


def picture(path):
    return cv2.imread(path)[..., ::-1]
