"""Patches around ears, changed as photographs differ: place, size, turn, light, backdrop, hair, jewelry, blur, noise."""
import cv2
import numpy as np

from model import SIZE


def patch_of(ear, shift, turn, scale, images):
    """Warps images to the patch: upright with the head, mirrored to a left ear, `shift` mm off the lobe."""
    angle = ear.roll + turn
    step = ear.px_per_mm * scale
    c, s = np.cos(angle) * step, np.sin(angle) * step
    flip = 1.0 if ear.left else -1.0
    to_photo = np.array([[c * flip, -s], [s * flip, c]])
    middle = ear.lobe + to_photo @ shift
    # Pixel k of an array covers k..k+1 of the picture.
    offset = middle - 0.5 - to_photo @ np.full(2, SIZE / 2 - 0.5)
    matrix = np.c_[to_photo, offset].astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [cv2.warpAffine(i, matrix, (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE) for i in images]


def blur(image, sigma):
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.2 else image


def backdrop(rng, things):
    if things and rng.random() < 0.6:
        image = things[rng.integers(len(things))]
        size = int(rng.integers(40, min(image.shape[:2])))
        y, x = (rng.integers(0, n - size + 1) for n in image.shape[:2])
        part = cv2.resize(image[y:y + size, x:x + size], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        return blur(part, rng.uniform(0, 4))
    a, b = rng.uniform(0, 1, (2, 3))
    grey = rng.random() < 0.5
    a, b = (np.full(3, v.mean()) if grey else v for v in (a, b))
    t = np.linspace(0, 1, SIZE, dtype=np.float32)
    t = (t[:, None] if rng.random() < 0.5 else t[None, :]) * np.ones((SIZE, SIZE), np.float32)
    return (a + (b - a) * t[..., None]).astype(np.float32)


def strands(rng, image, lobe):
    """Draws locks of hair across the patch; returns how much of the lobe they cover."""
    cover = np.zeros((SIZE, SIZE), np.float32)
    shade = np.zeros((SIZE, SIZE, 3), np.float32)
    base = rng.uniform(0.01, 0.5) * np.array([1, rng.uniform(0.6, 0.95), rng.uniform(0.35, 0.9)])
    x0 = lobe[0] + rng.normal(0, 14)
    lean, bend = rng.normal(0, 0.25), rng.normal(0, 0.004)
    y = np.arange(-4, SIZE + 4, 4)
    for _ in range(int(rng.integers(3, 140))):
        x = x0 + rng.normal(0, rng.uniform(1, 9)) + lean * (y - SIZE / 2) + bend * (y - SIZE / 2) ** 2
        line = np.stack([x, y], 1)[:, None] * 16
        stroke = np.zeros((SIZE, SIZE), np.float32)
        cv2.polylines(stroke, [line.astype(np.int32)], False, float(rng.uniform(0.4, 1)), 1, cv2.LINE_AA, 4)
        tone = base * rng.uniform(0.6, 1.6)
        shade = shade * (1 - stroke[..., None]) + tone * stroke[..., None]
        cover = cover + stroke * (1 - cover)
    x, y = np.clip(np.round(lobe).astype(int), 2, SIZE - 3)
    alpha = cover[..., None]
    return image * (1 - alpha) + shade * alpha * (alpha > 0), float(cover[y - 2:y + 3, x - 2:x + 3].mean())


def jewel(rng, image, lobe):
    """Draws something earring-like at the lobe: stud, hoop or drop."""
    colour = rng.uniform(0.2, 1, 3) * rng.choice([1, 1, 1.2])
    gold = np.array([0.9, 0.75, 0.45]) * rng.uniform(0.5, 1.1)
    metal = tuple(float(v) for v in (colour if rng.random() < 0.5 else gold))
    image = np.ascontiguousarray(image)
    at = lambda x, y: (int(round((lobe[0] + x) * 16)), int(round((lobe[1] + y) * 16)))
    kind = rng.integers(3)
    if kind == 0:
        cv2.circle(image, at(0, 0), int(rng.uniform(1.5, 5) * 16), metal, -1, cv2.LINE_AA, 4)
    elif kind == 1:
        r = rng.uniform(5, 22)
        axes = (int(r * rng.uniform(0.15, 1) * 16), int(r * 16))
        cv2.ellipse(image, at(0, r), axes, 0, 0, 360, metal, int(rng.integers(1, 4)), cv2.LINE_AA, 4)
    else:
        drop = rng.uniform(4, 18)
        cv2.line(image, at(0, 0), at(rng.normal(0, 0.5), drop), metal, 1, cv2.LINE_AA, 4)
        size = (int(rng.uniform(1.5, 5) * 16), int(rng.uniform(2, 8) * 16))
        stone = tuple(map(float, rng.uniform(0, 1, 3)))
        cv2.ellipse(image, at(0, drop + size[1] / 16), size, 0, 0, 360, stone, -1, cv2.LINE_AA, 4)
    return image


def photo(rng, image):
    """What cameras, light and files do."""
    tint = np.exp(rng.normal(0, 0.07, 3)) * np.exp(rng.normal(0, 0.25))
    image = np.clip(image, 0, 1) ** np.exp(rng.normal(0, 0.3)) * tint
    ramp = np.linspace(-1, 1, SIZE, dtype=np.float32)
    image = image * (1 + rng.normal(0, 0.15) * ramp[:, None] + rng.normal(0, 0.2) * ramp[None, :])[..., None]
    grey = image.mean(2, keepdims=True)
    image = grey + (image - grey) * (0 if rng.random() < 0.08 else rng.uniform(0.5, 1.4))
    image = (image - 0.4) * rng.uniform(0.7, 1.3) + 0.4
    if rng.random() < 0.5:
        image = blur(image, rng.uniform(0, 1.6))
    elif rng.random() < 0.4:
        soft = blur(image, 1)
        image = image + (image - soft) * rng.uniform(0, 1.5)
    if rng.random() < 0.5:
        image = image + rng.normal(0, rng.uniform(0, 0.04), image.shape)
    image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
        image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return image.astype(np.float32) / 255


def sample(rng, ear, things):
    """Patch, place of the lobe in mm from its middle, whether it is seen."""
    shift = np.clip(rng.normal(0, 6, 2), -20, 20)
    scale = np.exp(rng.normal(0, 0.08))
    image, body, hair = patch_of(ear, shift, rng.normal(0, 0.12), scale, (ear.rgb, ear.body, ear.hair))
    # The patch's axes turned and mirrored with it, so that the lobe lies opposite to the shift.
    place = -shift
    if rng.random() < 0.6:
        image = image * body[..., None] + backdrop(rng, things) * (1 - body[..., None])
    if rng.random() < 0.3:
        tint = np.exp(rng.normal(0, 0.6)) * np.exp(rng.normal(0, 0.15, 3))
        image = image * (1 + hair[..., None] * (tint - 1))
    lobe = place + SIZE / 2 - 0.5
    seen = ear.seen
    if seen and rng.random() < 0.3:
        image = jewel(rng, image, lobe)
    if rng.random() < 0.3:
        image, covered = strands(rng, image, lobe)
        seen = seen and covered < 0.5
    return photo(rng, image.astype(np.float32)), place.astype(np.float32), seen
