"""Makes a new person out of a stored scene: new colours, textures, hair shapes, collars, hands, light and camera."""
import cv2
import numpy as np

from geometry import OVAL, SIDE, SIZE, STORE, STORE_SIDE

SKIN, HAIR, CLOTH, BACK = range(4)


def noise(rng, size, octave):
    """Smooth noise of `octave` cells across, about -1..1."""
    cells = rng.standard_normal((max(2, int(octave * rng.uniform(0.6, 1))) + 1, octave + 1)).astype(np.float32)
    return cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC) * 0.6


def fractal(rng, size, first=2, octaves=5, fall=0.6):
    return sum(noise(rng, size, min(first * 2**k, size // 2)) * fall**k for k in range(octaves))


def colour(rng, dark=0.3):
    """A random colour 0..1; dark ones and greys are common, as in clothes and rooms."""
    c = cv2.cvtColor(np.float32([[[rng.uniform(0, 360), rng.beta(1, 2), 1]]]), cv2.COLOR_HSV2RGB)[0, 0]
    return c * (rng.uniform(0.01, 0.25) if rng.random() < dark else rng.uniform(0.2, 1))


def hair_colour(rng):
    if rng.random() < 0.1:
        return colour(rng)
    melanin, red = rng.beta(1.0, 1.0), rng.beta(1, 2)
    dark, light = np.array([0.03, 0.025, 0.022]), np.array([0.85, 0.72, 0.5])
    c = dark * (light / dark) ** (1 - melanin)
    return np.clip(c * (1 + red * np.array([0.45, -0.05, -0.35])), 0.005, 1)


def skin_colour(rng):
    melanin = rng.beta(1, 1)
    light, dark = np.array([0.93, 0.74, 0.65]), np.array([0.22, 0.13, 0.09])
    return light * (dark / light) ** melanin * rng.uniform(0.9, 1.1, 3)


def backdrop(rng, pool):
    """A picture of anything: gradients, blurred shapes, stripes, photographs of things, other people's parts."""
    kind = rng.random()
    if kind < 0.25:
        y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE - 0.5
        t = rng.uniform(0, 2 * np.pi)
        g = np.clip((x * np.cos(t) + y * np.sin(t)) * rng.uniform(0, 2) + 0.5, 0, 1)[..., None]
        out = colour(rng) * g + colour(rng) * (1 - g)
    elif kind < 0.55:
        out = np.ones((SIZE, SIZE, 3), np.float32) * colour(rng)
        for _ in range(rng.integers(3, 25)):
            c, r = rng.uniform(-20, SIZE + 20, 2), rng.uniform(4, 70)
            pts = c + r * rng.uniform(-1, 1, (rng.integers(3, 7), 2)) * rng.uniform(0.2, 1.5, 2)
            if rng.random() < 0.3:
                cv2.circle(out, tuple(int(v) for v in c), int(r / 2), colour(rng).tolist(), -1, cv2.LINE_AA)
            else:
                cv2.fillPoly(out, [cv2.convexHull(pts.astype(np.int32))], colour(rng).tolist(), cv2.LINE_AA)
    elif kind < 0.65:
        t, f = rng.uniform(0, np.pi), rng.uniform(0.05, 0.8)
        y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
        g = np.clip(np.sin((x * np.cos(t) + y * np.sin(t)) * f) * rng.uniform(1, 5) + 0.5, 0, 1)[..., None]
        out = colour(rng) * g + colour(rng) * (1 - g)
    elif kind < 0.75:
        g = np.clip(0.5 + fractal(rng, SIZE)[..., None] * rng.uniform(0.2, 1), 0, 1)
        out = colour(rng) * g + colour(rng) * (1 - g)
    else:
        src = pool[rng.integers(len(pool))]
        s = rng.integers(min(40, min(src.shape[:2]) - 1), min(src.shape[:2]))
        y, x = rng.integers(0, src.shape[0] - s + 1), rng.integers(0, src.shape[1] - s + 1)
        out = cv2.resize(src[y:y + s, x:x + s], (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        out = np.rot90(out, rng.integers(0, 2)) if rng.random() < 0.3 else out
        out = np.clip(out, 0, 1) ** rng.uniform(0.6, 2.2) * rng.uniform(0.5, 1.2, 3)
    out = np.clip(out, 0, 1).astype(np.float32)
    if rng.random() < 0.6:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 10))
    return out


def relative_luminance(layer, mask):
    lum = layer @ np.float32([0.3, 0.5, 0.2])
    return lum / max(float((lum * mask).sum() / max(mask.sum(), 1)), 0.02)


def recolour(rng, layers, masks):
    skin, hair, cloth = layers[SKIN], layers[HAIR], layers[CLOTH]
    if rng.random() < 0.75:  # the same shading on another skin
        rel = relative_luminance(skin, masks[SKIN])[..., None]
        target = skin_colour(rng)
        flush = (skin / np.maximum(skin.mean(-1, keepdims=True), 0.02))
        flush /= np.maximum((flush * masks[SKIN][..., None]).sum((0, 1)) / max(masks[SKIN].sum(), 1), 0.02)
        skin = target * rel ** rng.uniform(0.6, 1.6) * flush ** rng.uniform(0.5, 1.5)
    skin = skin * (1 + rng.uniform(0, 0.05) * rng.standard_normal((SIZE, SIZE, 1))
                   + rng.uniform(0, 0.08) * fractal(rng, SIZE, 8, 4)[..., None])
    if rng.random() < 0.8:
        rel = relative_luminance(hair, masks[HAIR])[..., None]
        streak = cv2.resize(rng.standard_normal((max(3, SIZE // int(rng.integers(2, 40))), SIZE)).astype(np.float32),
                            (SIZE, SIZE))
        if rng.random() < 0.5:
            streak = fractal(rng, SIZE, int(rng.integers(4, 24)), 3, 0.9)
        ends = fractal(rng, SIZE, 2, 2)[..., None] * rng.uniform(0, 0.5)
        hair = hair_colour(rng) * rel ** rng.uniform(0.6, 1.8) * np.exp(streak[..., None] * rng.uniform(0.05, 0.6) + ends)
    if rng.random() < 0.85:
        rel = relative_luminance(cloth, masks[CLOTH])[..., None] ** rng.uniform(0.5, 1.5)
        print_ = np.ones(3)
        if rng.random() < 0.35:
            print_ = backdrop(rng, [np.full((64, 64, 3), 128, np.uint8)]) + 0.1
        folds = np.exp(fractal(rng, SIZE, 4, 4)[..., None] * rng.uniform(0, 0.35))
        base = skin_colour(rng) if rng.random() < 0.06 else colour(rng, 0.45)
        cloth = base * rel * print_ * folds * (1 + rng.uniform(0, 0.15) * rng.standard_normal((SIZE, SIZE, 1)))
    return [np.clip(x, 0, 1).astype(np.float32) for x in (skin, hair, cloth)]


def over(masks, index, alpha):
    masks *= 1 - alpha
    masks[index] += alpha


def grow_hair(rng, masks, height, oval):
    """Fuller, curlier or tied hair: the hair spreads over the backdrop (and a little over cloth and neck)."""
    if masks[HAIR].sum() < 50:
        return
    if rng.random() < 0.35:
        reach = height * rng.uniform(0.05, 0.45)
        near = cv2.GaussianBlur(masks[HAIR], (0, 0), reach / 2)
        level = 0.5 - rng.uniform(0, 0.45) + 0.25 * fractal(rng, SIZE, int(rng.integers(3, 16)), 4, 0.8)
        alpha = np.clip((near - level) * rng.uniform(6, 40), 0, 1) * np.clip(near * 12 - 1, 0, 1) * (1 - oval)
        where = masks[BACK] + (masks[CLOTH] + masks[SKIN] if rng.random() < 0.4 else 0)
        over(masks, HAIR, alpha * np.clip(where, 0, 1))
    if rng.random() < 0.2:
        ys, xs = np.nonzero(masks[HAIR] > 0.5)
        if len(ys):
            k = rng.integers(len(ys)) if rng.random() < 0.5 else ys.argmin()
            bun = np.zeros((SIZE, SIZE), np.float32)
            r = height * rng.uniform(0.1, 0.35, 2)
            cv2.ellipse(bun, (int(xs[k]), int(ys[k])), tuple(int(v) for v in r), rng.uniform(0, 180), 0, 360, 1, -1, cv2.LINE_AA)
            over(masks, HAIR, bun * masks[BACK])


def strands(rng, masks, height):
    """Bundles of loose strands over anything, that start in the hair."""
    ys, xs = np.nonzero(masks[HAIR] > 0.6)
    if len(ys) < 20:
        return
    alpha = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(rng.integers(1, 5)):
        k = rng.integers(len(ys))
        start = np.array([xs[k], ys[k]], float)
        drop = np.array([rng.normal(0, 0.5), rng.uniform(0.2, 1.6)]) * height
        bend, wave = rng.normal(0, 0.25, 2) * height, rng.uniform(0, 0.06) * height
        width = height * rng.uniform(0.005, 0.1)
        t = np.linspace(0, 1, 24)[:, None]
        for _ in range(rng.integers(2, 30)):
            jitter = rng.normal(0, width, 2)
            line = start + jitter + (drop + rng.normal(0, width * 2, 2)) * t + bend * (t * (1 - t)) * 2
            line[:, 0] += wave * np.sin(t[:, 0] * rng.uniform(5, 7) * 3)
            cv2.polylines(alpha, [np.round(line * 16).astype(np.int32)], False, float(rng.uniform(0.3, 1)),
                          int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    over(masks, HAIR, np.clip(alpha, 0, 1))


def collar(rng, masks, points, height, oval):
    """High necklines: cloth covers the neck up to a wavy line."""
    chin = points[152]
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    edge = chin[1] + height * rng.uniform(-0.02, 0.6) + (x - chin[0]) * rng.normal(0, 0.15) + np.abs(x - chin[0]) * rng.uniform(-0.5, 0.5)
    edge = edge + noise(rng, SIZE, 6) * height * 0.03
    alpha = np.clip((y - edge) / rng.uniform(0.5, 2) + 0.5, 0, 1) * (1 - oval)
    over(masks, CLOTH, alpha * np.clip(masks[SKIN] + masks[CLOTH], 0, 1))


def fingers(rng, masks, height):
    """A hand in front of face, hair or chest."""
    alpha = np.zeros((SIZE, SIZE), np.float32)
    c, t = rng.uniform(0.25, 0.8, 2) * SIZE, rng.uniform(0, 2 * np.pi)
    for k in range(rng.integers(2, 5)):
        a = t + rng.normal(0, 0.15)
        p = c + height * 0.1 * k * np.array([-np.sin(t), np.cos(t)])
        q = p + height * rng.uniform(0.3, 0.6) * np.array([np.cos(a), np.sin(a)])
        cv2.line(alpha, tuple(int(v) for v in p), tuple(int(v) for v in q), 1, max(1, int(height * 0.095)), cv2.LINE_AA)
    arm = c - height * rng.uniform(0.8, 2) * np.array([np.cos(t), np.sin(t)])
    cv2.line(alpha, tuple(int(v) for v in c), tuple(int(v) for v in arm), 1, max(2, int(height * 0.35)), cv2.LINE_AA)
    over(masks, SKIN, alpha)


def light(rng, picture):
    """Exposure, white balance, uneven light, contrast, all in linear light."""
    lin = picture ** 2.2
    if rng.random() < 0.6:
        lin = lin * np.exp(fractal(rng, SIZE, 1, 2)[..., None] * rng.uniform(0, 0.9))
    lin = lin * np.exp(rng.normal(0, 0.15, 3)) * np.exp(rng.normal(0.15, 0.6))
    if rng.random() < 0.3:
        lin = lin + rng.uniform(0, 0.05)
    out = np.clip(lin, 0, None) ** (1 / 2.2)
    if rng.random() < 0.5:
        out = 0.5 + (out - 0.5) * rng.uniform(0.7, 1.5)
    grey = out.mean(-1, keepdims=True)
    out = grey + (out - grey) * rng.uniform(0.3, 1.5)
    return np.clip(out, 0, 1).astype(np.float32)


def camera(rng, picture):
    if rng.random() < 0.5:
        small = int(SIZE * rng.uniform(0.3, 1))
        picture = cv2.resize(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA), (SIZE, SIZE))
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.6:
        picture = picture + rng.standard_normal(picture.shape) * rng.uniform(0, 0.05)
    out = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        ok, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else out
    return out.astype(np.float32) / 255


def crop_matrix(rng, plain=False):
    """Stored square to input square."""
    scale = SIZE / STORE * STORE_SIDE / SIDE
    angle, shift, flip = 0.0, np.zeros(2), 1.0
    if not plain:
        scale *= np.exp(rng.normal(0, 0.1))
        angle = rng.normal(0, 0.22)
        shift = rng.normal(0, 0.03, 2) * SIZE
        flip = rng.choice([-1.0, 1.0])
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    a = np.array([[c, -s], [s, c]]) @ np.diag([flip, 1 if plain else np.exp(rng.normal(0, 0.05))])
    return np.column_stack([a, SIZE / 2 - a @ [STORE / 2, STORE / 2] + shift])


def warp(x, m, border=cv2.BORDER_REPLICATE):
    return cv2.warpAffine(x, m, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=border)


def plain_sample(scene):
    """The scene as it is: picture, person, points, masks [4, SIZE, SIZE], valid."""
    m = crop_matrix(None, plain=True)
    masks = warp(scene["masks"], m).astype(np.float32).transpose(2, 0, 1) / 255
    return (warp(scene["picture"], m).astype(np.float32) / 255, warp(scene["person"], m).astype(np.float32) / 255,
            scene["points"] @ m[:, :2].T + m[:, 2], masks, warp(scene["valid"], m, cv2.BORDER_CONSTANT).astype(np.float32) / 255)


def sample(rng, scene, pool):
    """A new picture from the scene, in the same form."""
    m = crop_matrix(rng)
    layers = [warp(x, m).astype(np.float32) / 255 for x in scene["layers"]]
    masks = warp(scene["masks"], m).astype(np.float32).transpose(2, 0, 1) / 255
    masks /= np.maximum(masks.sum(0), 1e-3)
    valid = warp(scene["valid"], m, cv2.BORDER_CONSTANT).astype(np.float32) / 255
    if rng.random() < 0.6:  # the picture's border carried on: most photographs show more than the studio does
        valid[:] = 1
    person = warp(scene["person"], m).astype(np.float32) / 255
    points = scene["points"] @ m[:, :2].T + m[:, 2]
    height = float(np.linalg.norm(points[10] - points[152]))
    oval = np.zeros((SIZE, SIZE), np.float32)
    cv2.fillPoly(oval, [points[OVAL].astype(np.int32)], 1.0, cv2.LINE_AA)
    own = masks.copy()

    grow_hair(rng, masks, height, oval)
    if rng.random() < 0.25:
        collar(rng, masks, points, height, oval)
    if rng.random() < 0.35:
        strands(rng, masks, height)
    if rng.random() < 0.12:
        fingers(rng, masks, height)
    skin, hair, cloth = recolour(rng, layers, own)
    back = backdrop(rng, pool) if rng.random() < 0.85 else layers[BACK]
    if rng.random() < 0.12:  # hair or cloth of the backdrop's own colour
        mean = back.mean((0, 1)) * rng.uniform(0.8, 1.25)
        hair, cloth = (np.clip(hair * 0.5 + mean * 0.5, 0, 1), cloth) if rng.random() < 0.5 else (hair, np.clip(cloth * 0.3 + mean * 0.7, 0, 1))
    picture = sum(masks[i][..., None] * x for i, x in enumerate((skin, hair, cloth, back)))
    picture = camera(rng, light(rng, picture)) * (valid[..., None] > 0.5)

    # The cover model sees the changed person about as well as the stored one: follow what was added.
    cover = np.clip(person + (1 - masks[BACK]) - (1 - own[BACK]), 0, 1)
    if rng.random() < 0.3:
        cover = 1 - masks[BACK]
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.5, 4))
    if rng.random() < 0.4:
        cover = np.clip(cover + fractal(rng, SIZE, 4, 3) * rng.uniform(0, 0.4) * (np.abs(cover - 0.5) < 0.45), 0, 1)
    if rng.random() < 0.1:
        cover = np.full_like(cover, 0.5)
    return picture.astype(np.float32), cover.astype(np.float32), points, masks.astype(np.float32), valid
