"""How stations are shaded, as a normal distribution of logarithms of light given the light's direction."""
import numpy as np

import stations

HARMONICS = 8
FACTORS = 24
# How much of the covariance is taken for each station's own, for a few hundred pictures do not tell it all.
SHRINK = 0.3
RIDGE = 1.0
FLOOR = 0.003


def harmonics(d):
    x, y, z = np.moveaxis(d, -1, 0)
    return np.stack([x, y, z, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1)


class Sample:
    """One picture: `y` the stations' light against their median (NaN: not seen), `frames` their axes, `light` the truth."""

    def __init__(self, scene, seen, direction):
        self.scene = scene
        self.y = np.array([np.nan if s is None else stations.light(s[1]) for s in seen])
        # The upper median, as the program takes it.
        known = np.sort(self.y[np.isfinite(self.y)])
        self.y -= known[len(known) // 2]
        self.frames = np.array([np.eye(3) if s is None else s[0] for s in seen])
        self.light = np.asarray(direction) / np.linalg.norm(direction)

    def local(self, d):
        """Directions (…, 3) in each station's axes: (…, stations, 3)."""
        return np.einsum("nij,...j->...ni", self.frames, d)


def fit(samples, rounds=4):
    """Mean, shading and covariance; each picture's own strength of shading is found with them."""
    y = np.array([s.y for s in samples])
    seen = np.isfinite(y)
    h = np.array([harmonics(s.local(s.light)) for s in samples])
    n = y.shape[1]
    mean, shading, strength = np.zeros(n), np.zeros((n, HARMONICS)), np.ones(len(samples))
    for _ in range(rounds):
        for i in range(n):
            o = seen[:, i]
            x = np.c_[np.ones(o.sum()), strength[o, None] * h[o, i]]
            r = np.linalg.solve(x.T @ x + np.diag([1e-6] + [RIDGE] * HARMONICS), x.T @ y[o, i])
            mean[i], shading[i] = r[0], r[1:]
        for p, o in enumerate(seen):
            m, v = (h[p, o] * shading[o]).sum(1), y[p, o] - mean[o]
            m, v = m - m.mean(), v - v.mean()
            strength[p] = np.clip((m @ v + 0.5) / (m @ m + 0.5), 0.2, 2.5)
        strength /= strength.mean()
    error = y - mean - strength[:, None] * (h * shading).sum(2)
    error -= np.nanmean(error, 1, keepdims=True)
    error[~seen] = 0
    covariance = error.T @ error / np.maximum(seen.T.astype(float) @ seen, 1)
    common, own = factors(covariance)
    return dict(mean=mean, light=shading, common=common, own=own)


def factors(covariance, rounds=30):
    """Few factors and what is left: principal axes, by turns (Harman 1976)."""
    total = np.diag(covariance).copy()
    own = 0.5 * total
    for _ in range(rounds):
        w, v = np.linalg.eigh(covariance - np.diag(own))
        common = v[:, -FACTORS:] * np.sqrt(np.clip(w[-FACTORS:], 0, None))
        own = np.clip(total - (common**2).sum(1), 0.15 * total, None)
    return common * np.sqrt(1 - SHRINK), (1 - SHRINK) * (own + FLOOR) + SHRINK * total + FLOOR


def directions(count=600, behind=-0.3):
    i = np.arange(count)
    z = 1 - (2 * i + 1) / count
    r, a = np.sqrt(1 - z * z), np.pi * (1 + 5**0.5) * (i + 0.5)
    d = np.c_[r * np.cos(a), r * np.sin(a), z]
    return d[d[:, 2] > behind]


def infer(model, sample, elevation, azimuth, temper=0.5):
    """Direction and least misfit per station: `src/locate/light/shading.rs` in numpy."""
    o = np.isfinite(sample.y)
    common = np.c_[model["common"][o], np.full(o.sum(), 10.0)]
    inverse = np.linalg.inv(common @ common.T + np.diag(model["own"][o]))
    y, d = sample.y[o] - model["mean"][o], directions()
    m = (harmonics(sample.local(d))[:, o] * model["light"][o]).sum(2)
    mm, my, yy = ((m @ inverse) * m).sum(1), m @ inverse @ y, y @ inverse @ y
    usual = 0.35**-2
    strength = np.clip((my + usual) / (mm + usual), 0.4, 1.6)
    misfit = yy - 2 * strength * my + strength**2 * mm
    above = (np.degrees(np.arcsin(d[:, 1])) - elevation[0]) / elevation[1]
    beside = np.degrees(np.arctan2(d[:, 0], d[:, 2])) / azimuth
    cost = misfit + usual * (strength - 1) ** 2 + 0.5 * (above**2 + beside**2)
    weight = np.exp(-0.5 * temper * (cost - cost.min()))
    v = (weight[:, None] * d).sum(0)
    return v / np.linalg.norm(v), misfit.min() / o.sum()
