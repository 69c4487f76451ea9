"""The sentence storey of the trained network as an ONNX graph with int8 weights. Training time only.

The graph is written node by node: it is short, and the same network gives the same bytes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from app.tone.features import Floats
from app.tone.train_net import Network, numbers

_OPSET = 20


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> list[str]:
        from onnx import helper

        names = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names

    def linear(self, x: str, name: str, weight: Floats, bias: Floats) -> str:
        (y,) = self.add("MatMul", [x, self.constant(f"{name}_w", np.ascontiguousarray(weight.T))])
        return self.add("Add", [y, self.constant(f"{name}_b", bias)])[0]

    def norm(self, x: str, name: str, module: Any) -> str:
        scale = self.constant(f"{name}_scale", numbers(module.weight))
        shift = self.constant(f"{name}_shift", numbers(module.bias))
        return self.add("LayerNormalization", [x, scale, shift], axis=-1, epsilon=float(module.eps))[0]


def write(network: Network, path: Path) -> None:
    """Write `sentences.onnx`: x (sentences of one length, tokens, width) in, states like x out."""
    import onnx
    from onnx import TensorProto, helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = _Graph()
    x = "x"
    width = network.position.shape[1]
    heads = network.layers[0].heads
    apart = graph.constant("apart", np.array([0, 0, heads, width // heads], np.int64))
    together = graph.constant("together", np.array([0, 0, width], np.int64))
    scale = graph.constant("scale", np.array((width // heads) ** -0.5, np.float32))
    thirds = graph.constant("thirds", np.array([width] * 3, np.int64))
    for number, layer in enumerate(network.layers):
        weight = np.concatenate([numbers(part.weight) for part in (layer.q, layer.k, layer.v)])
        bias = np.concatenate([numbers(part.bias) for part in (layer.q, layer.k, layer.v)])
        y = graph.linear(x, f"l{number}_qkv", weight, bias)
        parts = graph.add("Split", [y, thirds], 3, axis=-1)
        shaped = [graph.add("Reshape", [part, apart])[0] for part in parts]
        q = graph.add("Transpose", [shaped[0]], perm=[0, 2, 1, 3])[0]
        k = graph.add("Transpose", [shaped[1]], perm=[0, 2, 3, 1])[0]
        v = graph.add("Transpose", [shaped[2]], perm=[0, 2, 1, 3])[0]
        scores = graph.add("Mul", [graph.add("MatMul", [q, k])[0], scale])[0]
        weights = graph.add("Softmax", [scores], axis=-1)[0]
        mixed = graph.add("Transpose", [graph.add("MatMul", [weights, v])[0]], perm=[0, 2, 1, 3])[0]
        mixed = graph.add("Reshape", [mixed, together])[0]
        y = graph.linear(mixed, f"l{number}_o", numbers(layer.o.weight), numbers(layer.o.bias))
        x = graph.norm(graph.add("Add", [x, y])[0], f"l{number}_n1", layer.l1)
        y = graph.linear(x, f"l{number}_fi", numbers(layer.fi.weight), numbers(layer.fi.bias))
        y = graph.add("Gelu", [y])[0]
        y = graph.linear(y, f"l{number}_fo", numbers(layer.fo.weight), numbers(layer.fo.bias))
        x = graph.norm(graph.add("Add", [x, y])[0], f"l{number}_n2", layer.l2)
    graph.nodes[-1].output[0] = "states"
    made = helper.make_graph(
        graph.nodes, "sentences",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["sentences", "tokens", width])],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, ["sentences", "tokens", width])],
        graph.constants,
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
    onnx.checker.check_model(model)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        onnx.save(model, plain)
        # Weights keep seven bits: on processors without VNNI, eight would overflow.
        quantize_dynamic(
            plain, path, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"], extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
