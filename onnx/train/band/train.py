"""Trains the network; the same command goes on where a run was interrupted.

    python train.py PAIRS RUN [--steps 60000] [--minutes 600]

RUN gets last.pt (weights, their running mean, optimizer, generators), log.csv and validation.csv.
"""
import argparse
import os
import time

import numpy as np
import torch

from data import augmented, load
from net import Band, alpha_sigma

EVERY = 500


def batch_of(rng, pairs, size):
    items = [augmented(rng, pairs[rng.integers(len(pairs))]) for _ in range(size)]
    return [torch.from_numpy(np.stack(part)) for part in zip(*items)]


def loss_of(net, batch, generator, device):
    condition, clean, weight = (part.to(device) for part in batch)
    time_ = torch.rand(len(clean), generator=generator).to(device)
    noise = torch.randn(clean.shape, generator=generator).to(device)
    alpha, sigma = (v[:, None, None, None] for v in alpha_sigma(time_))
    velocity = alpha * noise - sigma * clean
    error = (net(alpha * clean + sigma * noise, condition, time_) - velocity) ** 2
    # The band counts; beyond it the noise is to be known as such, so that steps from it stay calm.
    return (error * (weight + 0.05)).sum() / (weight + 0.05).sum() / 3


def validate(net, pairs, device):
    rng, generator = np.random.default_rng(99), torch.Generator().manual_seed(99)
    with torch.no_grad():
        return float(np.mean([loss_of(net, batch_of(rng, pairs, 16), generator, device).item() for _ in range(8)]))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("pairs")
    ap.add_argument("run")
    ap.add_argument("--steps", type=int, default=60000)
    ap.add_argument("--minutes", type=float, default=600)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--rate", type=float, default=3e-4)
    ap.add_argument("--threads", type=int, default=0)
    args = ap.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train, held_out = load(args.pairs, False), load(args.pairs, True)
    print(f"{len(train)} pairs to train on, {len(held_out)} of held-out persons, on {device}", flush=True)
    os.makedirs(args.run, exist_ok=True)
    net = Band().to(device)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.999))
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
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
        rate = args.rate * min(1, step / 500) * (0.5 + 0.5 * np.cos(np.pi * step / args.steps))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-6)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(net, batch_of(rng, train, args.batch), generator, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(net)
        losses.append(loss.item())
        step += 1
        if step % EVERY == 0 or step == args.steps:
            mean.eval()
            held = validate(mean, held_out, device)
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
