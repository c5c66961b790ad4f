"""What the network is told of each pixel of the band; src/inpaint/features.rs computes the same.

Planes are blurred by Gaussians and looked up around the pixel, all in millimetres, so that the network knows no pixels.
"""
import cv2
import numpy as np

# How far off the pixel is looked, and how blurred, mm.
RINGS = ((0.25, 0.1), (0.5, 0.25), (1.0, 0.35), (1.6, 0.5), (2.4, 0.7), (3.4, 0.9), (5.0, 1.2), (8.0, 1.8), (13.0, 3.0))
TURNS = 12  # directions in which the coverage is looked up; every third one for the shadow
AROUND = (0.5, 1.0, 2.0, 4.0)  # blurs of coverage, shadow and the piece's colour where the pixel is, mm
SKIN = 4.0  # blur of the skin's brightness, mm
SHOWS = 0.1  # coverage from which a pixel is the piece's, wholly
FINEST = 3.0  # px per mm; finer pictures are shrunk
COUNT = 2 + 1 + len(AROUND) * 5 + len(RINGS) * (TURNS + TURNS // 3)


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


def features(picture, alpha, shadow, px_per_mm, rows, columns, turned=0.0, mirrored=False, gain=1.0):
    """[n, COUNT] for the pixels (rows, columns) of an sRGB-encoded picture 0..1. `turned` (radians) and `mirrored`: as if the
    picture were; `gain`: as if the light were another."""
    alpha = (alpha > SHOWS).astype(np.float32)
    light = (np.clip(linear(picture) * gain, 0, 1)).astype(np.float32)
    out = []
    distance = cv2.distanceTransform((alpha < 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    out.append(np.minimum(distance[rows, columns] / px_per_mm, 10))
    out.append(shadow[rows, columns])
    bare = blurred(1 - alpha, SKIN * px_per_mm)
    out.append((blurred(light.mean(-1) * (1 - alpha), SKIN * px_per_mm) / np.maximum(bare, 1e-3))[rows, columns])
    for mm in AROUND:
        covered = blurred(alpha, mm * px_per_mm)
        out += [covered[rows, columns], blurred(shadow, mm * px_per_mm)[rows, columns]]
        for k in range(3):
            out.append((blurred(light[..., k] * alpha, mm * px_per_mm) / np.maximum(covered, 1e-3))[rows, columns])
    for far, mm in RINGS:
        sigma = mm * px_per_mm
        covered, shaded = blurred(alpha, sigma), blurred(shadow, sigma)
        for k in range(TURNS):
            angle = k * 2 * np.pi / TURNS
            angle = turned + (np.pi - angle if mirrored else angle)
            x, y = columns + far * px_per_mm * np.cos(angle), rows + far * px_per_mm * np.sin(angle)
            out.append(looked_up(covered, x, y))
            if k % 3 == 0:
                out.append(looked_up(shaded, x, y))
    return np.stack(out, 1).astype(np.float32)
