"""The layers of a network as a table."""

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import LayerShape, count_operations, count_parameters, layer_shapes


def layer_table(config: TrainConfig) -> str:
    """What `model.summary()` prints, and the operations, as HTML."""
    rows = "".join(
        f"<tr><td>{layer.kind}</td><td>{shape(layer)}</td><td>{layer.parameters:,}</td><td>{layer.operations:,}</td></tr>"
        for layer in layer_shapes(config)
    )
    total = f"<td>{count_parameters(config):,}</td><td>{count_operations(config):,}</td>"
    head = "<tr><th>Layer</th><th>Output</th><th>Parameters</th><th>Operations</th></tr>"
    return f'<table class="summary">{head}{rows}<tr><th colspan="2">Together</th>{total}</tr></table>'


def shape(layer: LayerShape) -> str:
    """What a layer gives: "26x26x32"."""
    return "x".join(map(str, layer.output_shape))
