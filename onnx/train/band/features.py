"""What the network is told of each pixel of the band; src/inpaint/features.rs computes the same.

Planes are blurred by Gaussians and looked up around the pixel, all in millimetres, so that the network knows no pixels.
"""
import cv2
import numpy as np

# How far off the pixel is looked, and how blurred, mm.
RINGS = ((0.25, 0.1), (0.5, 0.25), (1.0, 0.35), (1.6, 0.5), (2.4, 0.7), (3.4, 0.9), (5.0, 1.2), (8.0, 1.8), (13.0, 3.0))
NEAR = 5.0  # on rings as far as this it is told, too, how bright the piece is and what is neither skin nor piece, mm
LIT = ((2.0, 0.7), (4.0, 1.2), (8.0, 2.0))  # where it is told how much brighter the skin is than around the pixel
TURNS = 12  # directions; the shadow is looked up in every third
AROUND = (0.5, 1.0, 2.0, 4.0)  # blurs of coverage, shadow and the piece's colour where the pixel is, mm
SKIN = 4.0  # blur of the skin's brightness, mm
SHOWS = 0.1  # coverage from which a pixel is the piece's, wholly
FINEST = 3.0  # px per mm; finer pictures are shrunk
FARTHEST = 10.0  # longer distances are told as this, mm
ENOUGH = 0.05  # share of skin from which its brightness is known


def layout():
    """(what, direction or None) of each number, in order."""
    out = [(what, None) for what in ("distance", "shadow", "skin", "to other")]
    out += [((what, mm), None) for mm in AROUND for what in ("coverage", "shadow", "red", "green", "blue")]
    for far, _ in RINGS:
        for k in range(TURNS):
            out.append((("coverage", far), k))
            if far <= NEAR:
                out += [(("other", far), k), (("piece", far), k)]
            if k % 3 == 0:
                out.append((("shade", far), k))
    return out + [(("lit", far), k) for far, _ in LIT for k in range(TURNS)]


COUNT = len(layout())


def blurred(plane, sigma):
    """A Gaussian out to three standard deviations; the border's pixels go on."""
    reach = int(np.ceil(3 * sigma))
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    kernel = np.exp(-0.5 * (at / max(sigma, 1e-6)) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return cv2.sepFilter2D(np.ascontiguousarray(plane, dtype=np.float32), -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)


def looked_up(plane, x, y):
    return cv2.remap(plane, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()


def linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def features(picture, alpha, shadow, other, px_per_mm, rows, columns, turned=0.0, mirrored=False, gain=1.0):
    """[n, COUNT] for the pixels (rows, columns) of an sRGB-encoded picture 0..1; `other`: what is neither skin nor jewelry.
    `turned` (radians) and `mirrored`: as if the picture were; `gain`: as if the light were another."""
    alpha = (alpha > SHOWS).astype(np.float32)
    other = (other * (1 - alpha)).astype(np.float32)
    skin = 1 - alpha - other
    colours = (np.clip(linear(picture) * gain, 0, 1)).astype(np.float32)
    light = colours.mean(-1)

    def far_from(what):
        far = cv2.distanceTransform((~what).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.minimum(far[rows, columns] / px_per_mm, FARTHEST)

    def around(plane, far):
        for k in range(TURNS):
            angle = k * 2 * np.pi / TURNS
            angle = turned + (np.pi - angle if mirrored else angle)
            yield looked_up(plane, columns + far * px_per_mm * np.cos(angle), rows + far * px_per_mm * np.sin(angle))

    def brightness(sigma):
        share = blurred(skin, sigma)
        return blurred(light * skin, sigma) / np.maximum(share, 1e-3), share

    here = brightness(SKIN * px_per_mm)[0]
    out = [far_from(alpha > 0), shadow[rows, columns], here[rows, columns], far_from(other > 0.5)]
    for mm in AROUND:
        covered = blurred(alpha, mm * px_per_mm)
        out += [covered[rows, columns], blurred(shadow, mm * px_per_mm)[rows, columns]]
        for k in range(3):
            out.append((blurred(colours[..., k] * alpha, mm * px_per_mm) / np.maximum(covered, 1e-3))[rows, columns])
    for far, mm in RINGS:
        planes = [alpha, other, light * alpha] if far <= NEAR else [alpha]
        told = [list(around(blurred(plane, mm * px_per_mm), far)) for plane in planes]
        shaded = list(around(blurred(shadow, mm * px_per_mm), far))
        for k in range(TURNS):
            out += [plane[k] for plane in told]
            if k % 3 == 0:
                out.append(shaded[k])
    for far, mm in LIT:
        there, share = brightness(mm * px_per_mm)
        ratio = np.log(np.maximum(there, 1e-3) / np.maximum(here, 1e-3))
        out += list(around(np.where(share > ENOUGH, np.clip(ratio, -1, 1), 0).astype(np.float32), far))
    return np.stack(out, 1).astype(np.float32)
