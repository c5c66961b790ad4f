#!/usr/bin/env python3
"""Makes a tiny Stable Diffusion inpainting pipeline of random weights and records what diffusers makes with it.

    pip install -r requirements.txt && python make_fixture.py

Writes, beside this script:
  sd/             the pipeline in the usual ONNX folder layout, with a 9-channel U-Net
  unet4/          a U-Net of 4 channels for the same pipeline, laid out like sd/unet
  unet9_half/     the 9-channel U-Net in 16-bit floats
  expected.bin    little-endian float32 arrays, one after the other
  expected.json   their names, shapes and offsets; the settings and schedulers of every case; tokens

Noise comes from fixed seeds and is part of the record, so that the comparison does not need torch's generator. The
encoder's distribution is taken at its mode: a drawn latent would compare random numbers.
"""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionInpaintPipeline,
    UNet2DConditionModel,
)
from diffusers.models.autoencoders import vae as vae_module
from diffusers.pipelines.stable_diffusion import pipeline_stable_diffusion_inpaint as inpaint_module
from diffusers.schedulers import scheduling_lcm
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
SIDE, FACTOR, LATENT = 64, 4, 16
OPSET = 17
SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}
# What Stable Diffusion 1.5 ships.
CONFIG = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
    timestep_spacing="leading",
    prediction_type="epsilon",
)
WORDS = ["skin", "gold", "ring", "photo", "of", "a", "in", "soft", "light", "necklace", "blurry"]
PROMPTS = [
    "Photo of a gold  ring, soft light",
    "skin",
    "",
    "blurry 14K naïve it's #1\n<|endoftext|> ring",
    " ".join(["necklace in soft gold light"] * 40),
]


class Record:
    """Arrays for expected.bin."""

    def __init__(self):
        self.index, self.parts, self.offset = {}, [], 0

    def __call__(self, name, array):
        array = np.ascontiguousarray(np.asarray(array, dtype="<f4"))
        self.index[name] = {"shape": list(array.shape), "offset": self.offset}
        self.parts.append(array.tobytes())
        self.offset += array.size


def bytes_to_unicode():
    """GPT-2's printable stand-ins for bytes, as CLIP's vocabulary uses them."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    table, extra = {b: chr(b) for b in printable}, 0
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + extra)
            extra += 1
    return [table[b] for b in [*printable, *(b for b in range(256) if b not in printable)]]


def tokenizer(folder):
    """A vocabulary of bytes, and merges that build a few words letter by letter."""
    letters = bytes_to_unicode()
    tokens = letters + [t + "</w>" for t in letters]
    merges = []
    for word in WORDS:
        parts = list(word[:-1]) + [word[-1] + "</w>"]
        while len(parts) > 1:
            merged = parts[0] + parts[1]
            if (parts[0], parts[1]) not in merges:
                merges.append((parts[0], parts[1]))
                if merged not in tokens:
                    tokens.append(merged)
            parts = [merged, *parts[2:]]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {k: v for k, v in zip(("bos_token", "eos_token", "unk_token", "pad_token"),
                                    ("<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"))}
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, **special})
    )
    return CLIPTokenizer.from_pretrained(folder), len(tokens)


def unet(channels):
    torch.manual_seed(100 + channels)
    net = UNet2DConditionModel(
        sample_size=LATENT,
        in_channels=channels,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(16, 16),
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
    )
    return net.eval()


def pipeline(channels, text, words):
    torch.manual_seed(7)
    vae = AutoencoderKL(
        block_out_channels=(16, 16, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=SIDE,
    ).eval()
    with torch.no_grad():
        # Random decoders paint flat grey; this one has contrast, so that a wrong latent shows.
        vae.decoder.conv_out.weight *= 1.2
    net = unet(channels)
    pipe = StableDiffusionInpaintPipeline(
        vae=vae, text_encoder=text, tokenizer=words, unet=net, scheduler=DDIMScheduler(**CONFIG),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def export(module, args, path, inputs, outputs, axes):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        module, args, str(path), input_names=inputs, output_names=outputs, dynamic_axes=axes,
        opset_version=OPSET, do_constant_folding=True, dynamo=False,
    )


class First(torch.nn.Module):
    """Calls a function of tensors; what it closes over becomes the graph's weights."""

    def __init__(self, owner, call):
        super().__init__()
        self.owner, self.call = owner, call

    def forward(self, *args):
        return self.call(self.owner, *args)


def export_unet(net, folder, dtype=torch.float32):
    net = net.to(dtype)
    plane = {0: "batch_size", 2: "height", 3: "width"}
    export(
        First(net, lambda net, x, t, text: net(x, t, text, return_dict=False)[0]),
        (torch.randn(1, net.config.in_channels, LATENT, LATENT).to(dtype), torch.tensor([1]),
         torch.randn(1, 77, 32).to(dtype)),
        folder / "model.onnx",
        ["sample", "timestep", "encoder_hidden_states"],
        ["out_sample"],
        {"sample": plane, "timestep": {0: "steps"}, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"}},
    )
    net.save_config(folder)
    net.to(torch.float32)


def export_pipeline(pipe, folder):
    export_unet(pipe.unet, folder / "unet")
    plane = {0: "batch_size", 2: "height", 3: "width"}
    export(
        First(pipe.vae, lambda vae, x: vae.encode(x).latent_dist.parameters),
        (torch.randn(1, 3, SIDE, SIDE),),
        folder / "vae_encoder/model.onnx", ["sample"], ["latent_parameters"],
        {"sample": plane, "latent_parameters": plane},
    )
    export(
        First(pipe.vae, lambda vae, z: vae.decode(z, return_dict=False)[0]),
        (torch.randn(1, 4, LATENT, LATENT),),
        folder / "vae_decoder/model.onnx", ["latent_sample"], ["sample"],
        {"latent_sample": plane, "sample": plane},
    )
    for part in ("vae_encoder", "vae_decoder"):
        pipe.vae.save_config(folder / part)
    export(
        First(pipe.text_encoder, lambda text, ids: tuple(text(ids, return_dict=False)[:2])),
        (torch.zeros(1, 77, dtype=torch.int64),),
        folder / "text_encoder/model.onnx", ["input_ids"], ["last_hidden_state", "pooler_output"],
        {"input_ids": {0: "batch_size", 1: "sequence_length"}},
    )
    pipe.text_encoder.config.save_pretrained(folder / "text_encoder")
    pipe.scheduler.save_pretrained(folder / "scheduler")
    index = {"_class_name": "OnnxStableDiffusionInpaintPipeline", "_diffusers_version": "0.35.2"}
    for part in ("unet", "vae_encoder", "vae_decoder", "text_encoder"):
        index[part] = ["diffusers", "OnnxRuntimeModel"]
    index |= {"tokenizer": ["transformers", "CLIPTokenizer"], "scheduler": ["diffusers", "DDIMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


def picture():
    """A shaded patch with a disc on it, and a ring-shaped mask around the disc. 8-bit values."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    base = np.stack([190 + 40 * x - 30 * y, 140 + 30 * y, 115 + 25 * x * y], axis=-1)
    r = np.hypot(x - 0.48, y - 0.52)
    base[r < 0.2] = [212, 175, 55]
    mask = ((r >= 0.2) & (r < 0.33)).astype(np.uint8) * 255
    return base.round().astype(np.uint8), mask


def tensors(image, mask):
    image = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
    return image, torch.from_numpy(mask)[None, None].float() / 255


def fake_model(sample, t):
    """Stands in for a U-Net in the schedulers' own cases; the tests compute the same."""
    return 0.5 * sample + 0.1 * np.cos(t / 200.0)


def scheduler_cases(record):
    """Every scheduler under other spacings, predictions and betas, on 16 numbers."""
    cases, rng = [], np.random.default_rng(5)
    for name, cls in SCHEDULERS.items():
        for prediction in ("epsilon", "v_prediction", "sample"):
            for spacing in ("leading", "linspace", "trailing"):
                for steps in (3, 10, 20):
                    if name == "lcm" and spacing != "leading":
                        continue
                    config = dict(CONFIG, prediction_type=prediction, timestep_spacing=spacing)
                    if steps == 10:
                        config.update(beta_schedule="squaredcos_cap_v2", set_alpha_to_one=True, clip_sample=True)
                    if steps == 20:
                        config.update(beta_schedule="linear", beta_start=0.0001, beta_end=0.02, steps_offset=0)
                    scheduler = cls.from_config(config)
                    scheduler.set_timesteps(steps)
                    start = rng.standard_normal(16).astype(np.float32)
                    noises = rng.standard_normal((steps, 16)).astype(np.float32)
                    left = iter(torch.from_numpy(noises))
                    scheduling_lcm.randn_tensor = lambda *a, **k: next(left)
                    x = torch.from_numpy(start) * scheduler.init_noise_sigma
                    scheduler.set_begin_index(0) if hasattr(scheduler, "set_begin_index") else None
                    for t in scheduler.timesteps:
                        out = fake_model(scheduler.scale_model_input(x, t), float(t))
                        x = scheduler.step(out, t, x, return_dict=False)[0]
                    key = f"scheduler_{len(cases)}"
                    record(f"{key}_start", start)
                    record(f"{key}_noises", noises)
                    record(f"{key}_timesteps", scheduler.timesteps.numpy())
                    record(f"{key}_end", x.numpy())
                    cases.append({"key": key, "scheduler": name, "steps": steps, "config": config})
    return cases


def main():
    torch.manual_seed(1)
    folder = HERE / "sd"
    for old in ("sd", "unet4", "unet9_half"):
        shutil.rmtree(HERE / old, ignore_errors=True)
    words, size = tokenizer(folder / "tokenizer")
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=77, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
        )
    ).eval()
    record = Record()
    image, mask = picture()
    record("image", image / 255)
    record("mask", mask / 255)

    # The mode of the encoder's distribution in place of a draw.
    vae_module.DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mean

    rng = np.random.default_rng(11)
    noise = rng.standard_normal((1, 4, LATENT, LATENT)).astype(np.float32)
    steps_noise = rng.standard_normal((8, 1, 4, LATENT, LATENT)).astype(np.float32)
    record("noise", noise)
    record("step_noises", steps_noise)
    inpaint_module.randn_tensor = lambda *a, **k: torch.from_numpy(noise)

    cases = []
    for channels in (9, 4):
        pipe = pipeline(channels, text, words)
        if channels == 9:
            export_pipeline(pipe, folder)
            export_unet(pipe.unet, HERE / "unet9_half", torch.float16)
        else:
            export_unet(pipe.unet, HERE / "unet4")
        sample = rng.standard_normal((1, channels, LATENT, LATENT)).astype(np.float32)
        with torch.no_grad():
            ids = torch.tensor([words(PROMPTS[0], padding="max_length", max_length=77, truncation=True).input_ids])
            embedding = pipe.text_encoder(ids)[0]
            x, m = tensors(image, mask)
            record(f"unet{channels}_sample", sample)
            record(f"unet{channels}_out", pipe.unet(torch.from_numpy(sample), 321, embedding).sample)
            if channels == 9:
                record("embedding", embedding)
                record("vae_parameters", pipe.vae.encode(x).latent_dist.parameters)
                record("vae_decoded", pipe.vae.decode(torch.from_numpy(noise)).sample)
                record("guidance_embedding", pipe.get_guidance_scale_embedding(torch.tensor([6.5]), 32))
        for name, cls in SCHEDULERS.items():
            for strength in (0.6, 1.0):
                pipe.scheduler = cls.from_config(DDIMScheduler(**CONFIG).config)
                left = iter(torch.from_numpy(steps_noise))
                scheduling_lcm.randn_tensor = lambda *a, **k: next(left)
                case = dict(channels=channels, scheduler=name, strength=strength, steps=7, guidance=3.0,
                            prompt=PROMPTS[0], negative_prompt="blurry")
                out = pipe(
                    prompt=case["prompt"], negative_prompt=case["negative_prompt"], image=x, mask_image=m,
                    height=SIDE, width=SIDE, strength=strength, num_inference_steps=case["steps"],
                    guidance_scale=case["guidance"], output_type="np",
                ).images[0]
                key = f"case_{len(cases)}"
                record(key, out)
                cases.append({"key": key, **case})
                print(f"{channels} {name} {strength}: mean {out.mean():.3f} deviation {out.std():.3f}")

    tokens = [
        {"text": p, "ids": words(p, padding="max_length", max_length=77, truncation=True).input_ids} for p in PROMPTS
    ]
    schedulers = scheduler_cases(record)
    (HERE / "expected.bin").write_bytes(b"".join(record.parts))
    (HERE / "expected.json").write_text(
        json.dumps({"arrays": record.index, "cases": cases, "schedulers": schedulers, "tokens": tokens})
    )
    total = sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file())
    print(f"{total / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
