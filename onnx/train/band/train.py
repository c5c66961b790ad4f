"""Trains the network; the same command goes on where a run was interrupted.

    python train.py RUN PAIRS [PAIRS ..] [--steps 6000] [--copies 4]

RUN gets last.pt (weights, optimizer, generator), log.csv and validation.csv.
"""
import argparse
import os

import numpy as np
import torch
from torch.nn import functional

from data import load, shadows, told
from net import Band, alpha_sigma

EVERY = 500
PURE = 0.9  # share of pixels that start from pure noise, as every use does
LEAST = 0.3  # less noise than this no step starts from
FAR = 1.0  # units of change from which on differences count as they are, not by their squares
LEAST_WANTED = 0.5  # units; scenes in which less is wrong count as if so much were


def gathered(pairs, copies, rng):
    """(features, wanted, weight) of all pixels: each scene as laid, then turned, mirrored, lit and shadowed otherwise."""
    parts = []
    for pair in pairs:
        for copy in range(copies):
            as_if = {}
            k = 0
            if copy:
                as_if = dict(turned=rng.normal(0, 0.25), mirrored=bool(rng.random() < 0.5), gain=float(np.exp(rng.normal(0, 0.25))))
                k = 0 if rng.random() < 0.85 else int(rng.integers(shadows(pair)))
            seen, wanted = told(pair, k, **as_if)
            # Every scene counts as much as any other, and what counts is the share of what is wrong in it.
            weight = 1 / max(len(seen), 1) / (np.abs(wanted).mean() + LEAST_WANTED)
            parts.append((seen.astype(np.float16), wanted.astype(np.float16), np.full(len(seen), weight, np.float32)))
    seen, wanted, weight = (np.concatenate(p) for p in zip(*parts))
    return torch.from_numpy(seen), torch.from_numpy(wanted), torch.from_numpy(weight / weight.mean())


def loss_of(net, batch, generator, pure=PURE):
    seen, wanted, weight = batch
    time = LEAST + (1 - LEAST) * torch.rand(len(seen), 1, generator=generator)
    time = torch.where(torch.rand(len(seen), 1, generator=generator) < pure, torch.ones(()), time)
    a, s = alpha_sigma(time)
    noisy = a * wanted + s * torch.randn(wanted.shape, generator=generator)
    got = net(torch.cat([noisy, time, seen], 1))
    return (weight * functional.huber_loss(got, wanted.expand_as(got), reduction="none", delta=FAR).mean(-1)).mean()


def picked(all_, at):
    return [part[at].float() for part in all_]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("run")
    ap.add_argument("pairs", nargs="+")
    ap.add_argument("--steps", type=int, default=6000)
    ap.add_argument("--copies", type=int, default=4, help="of each scene, all but one as if turned, mirrored or in another light")
    ap.add_argument("--batch", type=int, default=4096)
    ap.add_argument("--rate", type=float, default=2e-3)
    args = ap.parse_args()
    torch.manual_seed(1)
    rng, generator, step = np.random.default_rng(1), torch.Generator().manual_seed(1), 0
    train, held_out = load(args.pairs, False), load(args.pairs, True)
    pixels, checked = gathered(train, args.copies, rng), gathered(held_out, 1, rng)
    print(f"{len(train)} scenes to train on, {len(held_out)} of held-out persons; {len(pixels[0])} pixels", flush=True)
    os.makedirs(args.run, exist_ok=True)
    net = Band()
    some = pixels[0][:: max(1, len(pixels[0]) // 200_000)].float()
    net.mean.copy_(some.mean(0))
    net.deviation.copy_(some.std(0) + 1e-3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=5e-2)
    last = f"{args.run}/last.pt"
    if os.path.exists(last):
        state = torch.load(last, weights_only=False)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
        step = state["step"]
        print(f"going on from step {step}", flush=True)
    losses = []
    none = functional.huber_loss(torch.zeros_like(checked[1]).float(), checked[1].float(), reduction="none", delta=FAR).mean(1)
    print(f"no change: held-out {(checked[2] * none).mean():.4f}", flush=True)
    while step < args.steps:
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * step / args.steps)) + 1e-6
        net.train()
        at = torch.randint(0, len(pixels[0]), (args.batch,), generator=generator)
        loss = loss_of(net, picked(pixels, at), generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % EVERY == 0 or step == args.steps:
            net.eval()
            with torch.no_grad():
                held = loss_of(net, picked(checked, slice(None)), torch.Generator().manual_seed(9), 2.0).item()
            for name, value in (("log", np.mean(losses)), ("validation", held)):
                with open(f"{args.run}/{name}.csv", "a") as f:
                    f.write(f"{step},{value:.5f}\n")
            print(f"step {step}: training {np.mean(losses):.4f}, held-out {held:.4f}", flush=True)
            losses = []
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "generator": generator.get_state(), "step": step}
            torch.save(state, last + ".new")
            os.replace(last + ".new", last)


if __name__ == "__main__":
    main()
