"""Trains the network on the scenes that prepare.py stored; the last tenth of each preset's seeds is held out.

    python train.py PREPARED OUT.pt [--minutes 30] [--things DIR]

THINGS: any folder of photographs without people for the backdrops (scikit-image's data folder does).
"""
import argparse
import copy
import glob
import os
import time

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from augment import plain_sample, sample
from geometry import CHIN, EARS, SIZE, TOP, channels
from net import Matte

# Seeds are dealt in rounds of 9 presets; the last round is for measuring.
HELD_OUT = 46


def load(folder):
    scenes = {}
    for path in sorted(glob.glob(f"{folder}/*.npz")):
        with np.load(path) as z:
            scenes[os.path.basename(path)[:-4]] = {k: z[k] for k in z.files}
    return scenes


def seed_of(name):
    return int(name.split("_s")[1])


def attention(masks, points):
    """Weights of pixels: outlines between classes and the places where jewelry hangs count most."""
    edge = cv2.GaussianBlur((masks * (1 - masks)).sum(0), (0, 0), 2)
    height = np.linalg.norm(points[TOP] - points[CHIN])
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    near = np.zeros((SIZE, SIZE), np.float32)
    for (cx, cy), across, down in (
        (points[EARS[0]] + [0, 0.1 * height], 0.12, 0.25),
        (points[EARS[1]] + [0, 0.1 * height], 0.12, 0.25),
        (points[CHIN] + [0, 0.4 * height], 0.45, 0.35),
    ):
        near = np.maximum(near, np.exp(-(((x - cx) / (across * height)) ** 2) - ((y - cy) / (down * height)) ** 2))
    return (1 + 6 * np.minimum(edge, 0.25) + 1.5 * near).astype(np.float32)


class Average:
    """Running mean of the weights: what is measured and kept."""

    def __init__(self, net):
        self.net, self.steps = copy.deepcopy(net), 0

    def follow(self, net):
        self.steps += 1
        t = max(0.02, 1 / (self.steps + 1))
        for mean, now in zip(self.net.state_dict().values(), net.state_dict().values()):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, t)


class Endless(IterableDataset):
    def __init__(self, scenes, pool, seed):
        self.scenes, self.pool, self.seed = scenes, pool, seed

    def __iter__(self):
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, info.id if info else 0))
        while True:
            picture, cover, points, masks, valid = sample(rng, self.scenes[rng.integers(len(self.scenes))], self.pool)
            yield channels(picture, cover, points), masks, valid * attention(masks, points)


def evaluate(net, scenes):
    net.eval()
    inter, union, err = np.zeros(4), np.zeros(4), []
    with torch.no_grad():
        for scene in scenes:
            picture, cover, points, masks, valid = plain_sample(scene)
            x = torch.from_numpy(channels(picture * (valid[..., None] > 0.5), cover, points))[None]
            p = net(x).softmax(1)[0].numpy() * valid
            t = masks * valid
            inter += np.minimum(p, t).sum((1, 2))
            union += np.maximum(p, t).sum((1, 2))
            err.append(np.abs(p - t).sum(0).mean() / 2)
    return inter / np.maximum(union, 1), float(np.mean(err))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("prepared")
    ap.add_argument("out")
    ap.add_argument("--minutes", type=float, default=30)
    ap.add_argument("--things", nargs="*", default=[])
    ap.add_argument("--batch", type=int, default=12)
    ap.add_argument("--workers", type=int, default=1)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--rate", type=float, default=3e-3)
    ap.add_argument("--start", help="go on from these weights")
    ap.add_argument("--all", action="store_true", help="train on the held-out round as well")
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    scenes = load(args.prepared)
    train = [s for n, s in scenes.items() if args.all or seed_of(n) < HELD_OUT]
    held = [s for n, s in scenes.items() if seed_of(n) >= HELD_OUT]
    pool = [cv2.imread(p)[..., ::-1] for t in args.things for p in sorted(glob.glob(t))]
    pool += [s["picture"] for s in train]
    print(len(train), "scenes,", len(held), "held out,", len(pool), "backdrops", flush=True)
    torch.set_num_threads(args.threads)
    net = Matte().to(memory_format=torch.channels_last)
    if args.start:
        net.load_state_dict(torch.load(args.start))
    print(sum(p.numel() for p in net.parameters()), "weights", flush=True)
    mean = Average(net)
    opt = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-3)
    data = DataLoader(Endless(train, pool, args.seed), args.batch, num_workers=args.workers)
    start, step, total, last = time.time(), 0, 0.0, time.time()
    for x, t, v in data:
        done = (time.time() - start) / 60 / args.minutes
        if done >= 1:
            break
        rate = args.rate * min(1, (step + 1) / 50) * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        for g in opt.param_groups:
            g["lr"] = rate
        logp = net(x.contiguous(memory_format=torch.channels_last)).log_softmax(1)
        p = logp.exp()
        ce = -(t * logp).sum(1)
        miss = ((p - t).abs().sum(1) * v).mean()
        loss = (ce * v).mean() + 0.3 * miss
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        mean.follow(net)
        step += 1
        total += loss.item()
        if time.time() - last > 120:
            iou, err = evaluate(mean.net, held)
            print(f"{step} {step * args.batch} pictures {done * args.minutes:.1f} min loss {total:.1f} iou {iou.round(3)} err {err:.4f}", flush=True)
            torch.save(mean.net.state_dict(), args.out)
            total, last = 0.0, time.time()
    torch.save(mean.net.state_dict(), args.out)
    iou, err = evaluate(mean.net, held)
    print("end", step, iou.round(4), err)


if __name__ == "__main__":
    main()
