"""Writes a run's weights as ONNX with 16-bit weights; input and output stay 32-bit.

    python export.py RUN OUT.onnx
"""
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from features import COUNT
from net import Band


PIXELS = 512  # of a run; as in src/inpaint/compact.rs


def weights(run):
    net = Band()
    net.load_state_dict(torch.load(f"{run}/last.pt", map_location="cpu", weights_only=False)["net"])
    return net.eval()


def halve_weights(model):
    """Each float weight is stored in 16 bits and widened where it is used."""
    kept, casts = [], []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < 64:
            kept.append(weight)
            continue
        values = numpy_helper.to_array(weight).astype(np.float16)
        kept.append(numpy_helper.from_array(values, weight.name + "_16"))
        casts.append(helper.make_node("Cast", [weight.name + "_16"], [weight.name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)


def main(run, out):
    torch.onnx.export(
        weights(run), torch.zeros(PIXELS, 4 + COUNT), out,
        input_names=["input"], output_names=["change"], opset_version=17, dynamo=False,
    )
    model = onnx.load(out)
    halve_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, out)
    size = os.path.getsize(out)
    print(f"{out}: {size / 1e6:.2f} MB")
    if size > 8_000_000:
        raise SystemExit("more than 8 MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
