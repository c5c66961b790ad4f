"""Trains the network; the same command goes on where a run was interrupted.

    python train.py RUN PAIRS [PAIRS ..] [--steps 6000] [--minutes 600]

RUN gets last.pt (weights, their running mean, optimizer, generators), log.csv and validation.csv.
"""
import argparse
import os
import time

import cv2
import numpy as np
import torch

from data import augmented, load
from net import Band, alpha_sigma, inputs

EVERY = 100
PURE = 0.8  # share of tiles that start from pure noise, as every use does
LEAST = 0.3  # less noise than this no step starts from


def batch_of(rng, pairs, size, side):
    items = [augmented(rng, pairs, side) for _ in range(size)]
    return [torch.from_numpy(np.stack(part)) for part in zip(*items)]


def on_grid(change, weight):
    """The wanted change on the network's grid, gone on smoothly where no band is."""
    pool = lambda v: torch.nn.functional.avg_pool2d(v, 2)
    share = pool((weight > 0.02).float())
    known = pool(change * (weight > 0.02)) / share.clamp(min=1e-3) * (share > 0)
    mask = (share > 0).float()
    filled, soft = known * mask, mask
    for _ in range(3):
        filled, soft = (torch.nn.functional.avg_pool2d(v, 7, 1, 3) for v in (filled, soft))
    return mask * known + (1 - mask) * filled / (soft + 0.02)


def loss_of(net, batch, generator, device, pure=PURE):
    condition, change, weight = (part.to(device) for part in batch)
    time_ = LEAST + (1 - LEAST) * torch.rand(len(change), generator=generator)
    time_ = torch.where(torch.rand(len(change), generator=generator) < pure, torch.ones(()), time_).to(device)
    clean = on_grid(change, weight)
    noise = torch.randn(clean.shape, generator=generator).to(device)
    alpha, sigma = (v[:, None, None, None] for v in alpha_sigma(time_))
    got = net(inputs(alpha * clean + sigma * noise, time_, condition))
    # What reaches the picture counts, as much as it does there; beyond the band a calm going on.
    shown = torch.nn.functional.interpolate(got, scale_factor=2.0, mode="bicubic", align_corners=False)
    error = torch.sqrt((weight * (shown - change)) ** 2 + 0.01) - 0.1
    rest = ((got - clean) ** 2).mean()
    return error.sum() / (3 * weight.sum().clamp(min=1.0)) + 0.01 * rest


def validate(net, pairs, device, side):
    rng, generator = np.random.default_rng(99), torch.Generator().manual_seed(99)
    with torch.no_grad():
        return float(np.mean([loss_of(net, batch_of(rng, pairs, 16, side), generator, device, 2.0).item() for _ in range(6)]))


def nothing(net, pairs, side):
    """The same loss for no change at all."""
    rng, total = np.random.default_rng(99), []
    for _ in range(6):
        _, change, weight = batch_of(rng, pairs, 16, side)
        total.append(((torch.sqrt((weight * change) ** 2 + 0.01) - 0.1).sum() / (3 * weight.sum().clamp(min=1.0))).item())
    return float(np.mean(total))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("run")
    ap.add_argument("pairs", nargs="+")
    ap.add_argument("--steps", type=int, default=6000)
    ap.add_argument("--minutes", type=float, default=600)
    ap.add_argument("--batch", type=int, default=12)
    ap.add_argument("--side", type=int, default=48, help="px of a tile in training")
    ap.add_argument("--rate", type=float, default=1e-3)
    ap.add_argument("--threads", type=int, default=0)
    args = ap.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(args.threads)
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train, held_out = load(args.pairs, False), load(args.pairs, True)
    print(f"{len(train)} scenes to train on, {len(held_out)} of held-out persons, on {device}", flush=True)
    os.makedirs(args.run, exist_ok=True)
    net = Band().to(device)
    print(f"{sum(p.numel() for p in net.parameters())} weights; no change: held-out {nothing(net, held_out, args.side):.4f}", flush=True)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995))
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    generator, rng, step = torch.Generator().manual_seed(1), np.random.default_rng(1), 0
    last = f"{args.run}/last.pt"
    if os.path.exists(last):
        state = torch.load(last, map_location=device, weights_only=False)
        net.load_state_dict(state["net"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"].cpu())
        rng.bit_generator.state, step = state["rng"], state["step"]
        print(f"going on from step {step}", flush=True)
    end, losses = time.monotonic() + args.minutes * 60, []
    while step < args.steps and time.monotonic() < end:
        rate = args.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * np.cos(np.pi * step / args.steps))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-6)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(net, batch_of(rng, train, args.batch, args.side), generator, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(net)
        losses.append(loss.item())
        step += 1
        if step % EVERY == 0 or step == args.steps:
            mean.eval()
            held = validate(mean, held_out, device, args.side)
            with open(f"{args.run}/log.csv", "a") as f:
                f.write(f"{step},{np.mean(losses):.5f}\n")
            with open(f"{args.run}/validation.csv", "a") as f:
                f.write(f"{step},{held:.5f}\n")
            print(f"step {step}: training {np.mean(losses):.4f}, held-out {held:.4f}", flush=True)
            losses = []
            state = {
                "net": net.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict(),
                "generator": generator.get_state(), "rng": rng.bit_generator.state, "step": step,
            }
            torch.save(state, last + ".new")
            os.replace(last + ".new", last)


if __name__ == "__main__":
    main()
