"""Models that would never answer, take all memory or run what they like: refused wherever they come from, at once."""

import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mnist_lab.errors import ArchiveError, RunError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks import keras_files
from mnist_lab.networks.litert import check
from mnist_lab.networks.stages import of_run
from mnist_lab.store.archives import pack, take_in
from mnist_lab.store.models import model_of
from mnist_lab.store.runs import BUNDLED, RunStore

RUN = "small-cnn"
BUNDLE = RunStore(BUNDLED, bundled=None)
CONFIG = BUNDLE.get(RUN).config
SECONDS = 1.0  # of the processor
BLANK = np.zeros((1, 28, 28), np.float32)


def converted(function: Callable[[Any], Any]) -> bytes:
    """A `model.tflite` that computes what a function of TensorFlow does of images (n, 28, 28)."""
    import tensorflow as tf

    traced = tf.function(function, input_signature=[tf.TensorSpec([None, 28, 28], tf.float32, name="image")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced.get_concrete_function()])
    return bytes(converter.convert())


def no_digit(images: Any) -> Any:
    """Ten probabilities that are alike, whatever is added to them of the images."""
    import tensorflow as tf

    return tf.nn.softmax(tf.reduce_sum(images, axis=[1, 2])[:, None] * tf.zeros((1, 10)))


def looping(images: Any) -> Any:
    import tensorflow as tf

    ink = tf.reduce_sum(images)
    return no_digit(images + tf.while_loop(lambda x: ink > 0, lambda x: (x + 1,), (tf.constant(0.0),))[0])


def filling(images: Any) -> Any:
    import tensorflow as tf

    many = tf.cast(tf.minimum(tf.reduce_sum(images), 1.0) * 6e9, tf.int32)
    return no_digit(images + tf.reduce_sum(tf.fill([many], 1.0)))


def repeating(images: Any) -> Any:
    import tensorflow as tf

    return no_digit(tf.reduce_max(tf.tile(images[:, :, :, None], [1, 1, 1, 8_000_000]), axis=3))


def sorting(images: Any) -> Any:
    import tensorflow as tf

    return no_digit(tf.math.top_k(images, 28).values)


def deep(images: Any) -> Any:
    import tensorflow as tf

    x = tf.matmul(tf.reshape(images, (-1, 784)), np.ones((784, 10), np.float32))
    for _ in range(40):
        x = tf.nn.relu(tf.matmul(x, np.ones((10, 10), np.float32)))
    return tf.nn.softmax(x)


def large_windows(images: Any) -> Any:
    """Two convolutions and a pooling; the first one's windows change nothing of the size of what it makes."""
    import tensorflow as tf

    x = tf.reshape(images, (-1, 28, 28, 1))
    for side, channels, padding in (9, 1, "SAME"), (3, 16, "VALID"):
        x = tf.nn.relu(tf.nn.conv2d(x, np.ones((side, side, channels, 16), np.float32), 1, padding))
    x = tf.reshape(tf.nn.max_pool2d(x, 2, 2, "VALID"), (-1, 13 * 13 * 16))
    return tf.nn.softmax(tf.matmul(x, np.ones((13 * 13 * 16, 10), np.float32)))


WRITTEN = {function.__name__: function for function in (looping, filling, repeating, sorting, deep)}


def edited(change: Callable[[Any], None]) -> bytes:
    """The model of RUN with something changed in it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(BUNDLE.read(RUN, "model.tflite"), 0))
    change(model)
    builder = flatbuffers.Builder(1_000_000)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def first(model: Any, name: str) -> Any:
    """The first operator of that name."""
    number = getattr(schema.BuiltinOperator, name)
    codes = [code.builtinCode for code in model.operatorCodes]
    return next(one for one in model.subgraphs[0].operators if codes[one.opcodeIndex] == number)


def renamed(model: Any, name: str, other: str) -> None:
    model.operatorCodes[first(model, name).opcodeIndex].builtinCode = getattr(schema.BuiltinOperator, other)
    model.operatorCodes[first(model, other).opcodeIndex].deprecatedBuiltinCode = 0


def with_numbers(model: Any, place: int, *numbers: int) -> None:
    """Put whole numbers into a new constant in place of another."""
    buffer = schema.BufferT()
    buffer.data = np.array(numbers, np.int32).view(np.uint8)
    model.buffers.append(buffer)
    tensor = model.subgraphs[0].tensors[place]
    tensor.buffer, tensor.shape, tensor.type = len(model.buffers) - 1, [len(numbers)], schema.TensorType.INT32


def again(model: Any) -> None:
    """Have an operator write over what goes into it."""
    operator = first(model, "MAX_POOL_2D")
    operator.outputs = operator.inputs


def in_front(model: Any) -> None:
    """Have an operator read what is made after it."""
    operator, later = first(model, "CONV_2D"), first(model, "FULLY_CONNECTED")
    operator.inputs = [later.outputs[0], *operator.inputs[1:]]


def second_graph(model: Any) -> None:
    model.subgraphs.append(model.subgraphs[0])


def deeper(model: Any) -> None:
    """Have more operators than any network needs."""
    model.subgraphs[0].operators *= 20


EDITED: dict[str, Callable[[Any], None]] = {
    "another operator": lambda model: renamed(model, "MAX_POOL_2D", "L2_POOL_2D"),
    "another activation": lambda model: renamed(model, "SOFTMAX", "LOGISTIC"),
    "a custom operator": lambda model: renamed(model, "SOFTMAX", "CUSTOM"),
    "written twice": again,
    "read too early": in_front,
    "two graphs": second_graph,
    "too deep": deeper,
    "strides": lambda model: setattr(first(model, "CONV_2D").builtinOptions, "strideH", 2),
    "dilation": lambda model: setattr(first(model, "CONV_2D").builtinOptions, "dilationWFactor", 2),
    "pooling": lambda model: setattr(first(model, "MAX_POOL_2D").builtinOptions, "filterWidth", 1),
    "a shape that lies": lambda model: setattr(model.subgraphs[0].tensors[16], "shape", [1, 26, 26, 2**30]),
    "an open shape": lambda model: setattr(model.subgraphs[0].tensors[16], "shapeSignature", [-1, -1, 26, 2**30]),
    "a shape in the file": lambda model: with_numbers(model, first(model, "RESHAPE").inputs[1], 1, 28, 28, 2**30),
    "no weights": lambda model: setattr(model.subgraphs[0].tensors[4], "buffer", 0),
    "a buffer that is not there": lambda model: setattr(model.subgraphs[0].tensors[4], "buffer", 10**6),
    "weights elsewhere": lambda model: setattr(model.buffers[5], "offset", 100),
    "a variable": lambda model: setattr(model.subgraphs[0].tensors[16], "isVariable", True),
    "other metadata": lambda model: setattr(model.metadata[0], "name", "model_control_dependencies"),
    "another question": lambda model: setattr(model.signatureDefs[0].inputs[0], "tensorIndex", 4),
    "another answer": lambda model: setattr(model.subgraphs[0], "outputs", [24]),
}


@pytest.fixture(scope="module")
def models() -> Callable[[str], bytes]:
    """Make the hostile model of that name, once."""
    made: dict[str, bytes] = {}

    def model(name: str) -> bytes:
        if name not in made:
            made[name] = converted(WRITTEN[name]) if name in WRITTEN else edited(EDITED[name])
        return made[name]

    return model


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store with a run that was put there by hand."""
    shutil.copytree(BUNDLED / RUN, tmp_path / "runs" / "by-hand")
    return RunStore(tmp_path / "runs", bundled=None)


def archive_with(**files: bytes) -> bytes:
    """The run as a zip file, with other models in it."""
    content = io.BytesIO()
    named = {f"{RUN}/model.{kind}": value for kind, value in files.items()}
    with zipfile.ZipFile(io.BytesIO(pack(BUNDLE, [BUNDLE.get(RUN)]))) as run, zipfile.ZipFile(content, "w") as other:
        for name in run.namelist():
            other.writestr(name, named.get(name) or run.read(name))
    return content.getvalue()


def refused(act: Callable[[], object], error: type[Exception]) -> str:
    """What is told of the refusal: one sentence or two, at once."""
    began = time.process_time()
    with pytest.raises(error) as told:
        act()
    assert time.process_time() - began < SECONDS
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("name", [*WRITTEN, *EDITED])
def test_a_model_that_would_do_anything_else_is_refused_where_it_comes_in_and_where_it_lies(store, models, name):
    content = models(name)
    said = refused(lambda: take_in(store, archive_with(tflite=content)), ArchiveError)
    assert f"The run {RUN} cannot be taken in. The model file" in said
    assert [run.id for run in store.listing().runs] == ["by-hand"]
    store.write("by-hand", "model.tflite", content)
    assert "The run by-hand cannot be" in refused(lambda: model_of(store, "by-hand"), RunError)
    refused(lambda: of_run(CONFIG, content), RunError)


def test_the_hostile_models_would_answer_to_a_blank_image(models):
    for name in ("looping", "filling"):
        Predictor.tried(models(name))


def test_a_convolution_looks_through_windows_of_the_configurations_size():
    asked = CONFIG.model_copy(update={"filters": (16,), "convolutions": 2, "units": ()})
    content = converted(large_windows)
    refused(lambda: check(content, asked), RunError)


def test_a_changed_file_is_refused_for_its_change_alone():
    content = edited(lambda model: None)
    check(content, CONFIG)
    answers = [Predictor(one).probabilities(BLANK) for one in (content, BUNDLE.read(RUN, "model.tflite"))]
    np.testing.assert_array_equal(*answers)


def test_a_file_that_is_far_too_large_is_not_even_read(store):
    with (Path(store.folder.path) / "by-hand" / "model.tflite").open("wb") as file:
        file.truncate(10**12)
    assert "larger than" in refused(lambda: model_of(store, "by-hand"), RunError)


@pytest.mark.parametrize("run", BUNDLE.listing().runs, ids=lambda run: run.id)
def test_the_labs_own_models_pass(run):
    check(BUNDLE.read(run.id, "model.tflite"), run.config)
    if BUNDLE.has(run.id, "model.keras"):
        keras_files.check(BUNDLE.read(run.id, "model.keras"), run.config)


def keras_with(change: Callable[[Any], Any], weights: bytes | None = None) -> bytes:
    """The `model.keras` of RUN with something changed in its configuration, or with other weights."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BUNDLE.read(RUN, "model.keras"))) as whole, zipfile.ZipFile(content, "w") as other:
        parts = {name: whole.read(name) for name in whole.namelist()}
        model = json.loads(parts["config.json"])
        change(model)
        parts |= {"config.json": json.dumps(model).encode(), "model.weights.h5": weights or parts["model.weights.h5"]}
        for name, part in parts.items():
            other.writestr(name, part)
    return content.getvalue()


def layer(model: Any, kind: str) -> Any:
    """The last layer of a kind."""
    return [one for one in model["config"]["layers"] if one["class_name"] == kind][-1]


def put(kind: str, part: str = "config", **changes: Any) -> Callable[[Any], None]:
    """Change something in the last layer of a kind."""
    return lambda model: layer(model, kind)[part].update(changes)


@cache
def compiled_as_trained() -> str:
    """What a run of RUN's configuration keeps of its optimizer and its loss; the bundled one left it out."""
    from mnist_lab.training.keras_models import build

    return json.dumps(build(CONFIG, 1000).get_compile_config())


def compiled(model: Any) -> Any:
    """What is kept of the optimizer and the loss, put there."""
    model["compile_config"] = json.loads(compiled_as_trained())
    return model["compile_config"]


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2**31}, "registered_name": None}
KERAS: dict[str, Callable[[Any], Any]] = {
    "units": put("Dense", units=2**31),
    "units that are none": put("Dense", units=10.0),
    "filters": put("Conv2D", filters=2**31),
    "kernel": put("Conv2D", kernel_size=[2**20, 2**20]),
    "padding": put("Conv2D", padding="same"),
    "groups": put("Conv2D", groups=2),
    "shape": put("Reshape", target_shape=[28, 28, 2**20]),
    "images": put("InputLayer", batch_shape=[2**31, 28, 28]),
    "eval": put("Dense", activation="builtins>eval"),
    "exec": put("Conv2D", activation={"module": "builtins", "class_name": "function", "config": "exec"}),
    "another activation": put("Conv2D", activation="softmax"),
    "constraint": put("Dense", kernel_constraint="max_norm"),
    "initializer": put("Dense", kernel_initializer="eval"),
    "layer as initializer": put("Dense", kernel_initializer=DENSE),
    "low rank": put("Dense", lora_rank=2**31),
    "quantized": put("Dense", quantization_config={"module": "keras", "class_name": "Int8"}),
    "dtype": put("Dense", dtype="float64"),
    "built larger": put("Dense", "build_config", input_shape=[None, 2**31]),
    "built otherwise": put("Dropout", "config", noise_shape=[2**31, 2**31]),
    "another name": lambda model: layer(model, "Dense").update(registered_name="builtins>eval"),
    "joined": lambda model: layer(model, "Dense").update(inbound_nodes=layer(model, "Flatten")["inbound_nodes"]),
    "called": lambda model: layer(model, "Dropout")["inbound_nodes"][0]["kwargs"].update(training=DENSE),
    "one layer more": lambda model: model["config"]["layers"].append(layer(model, "Dense")),
    "no layers": lambda model: model["config"].update(layers=[]),
    "another output": lambda model: model["config"].update(output_layers=["flatten", 0, 0]),
    "more": lambda model: model["config"].update(more=DENSE),
    "built for others": lambda model: model.update(build_config={"input_shape": [2**31, 28, 28]}),
    "optimizer": lambda model: compiled(model)["optimizer"]["config"].update(learning_rate=DENSE),
    "loss": lambda model: compiled(model).update(loss="builtins>eval"),
    "metrics": lambda model: compiled(model).update(metrics=["builtins>eval"]),
    "infinite": lambda model: compiled(model)["optimizer"]["config"].update(learning_rate=float("inf")),
    "nested": lambda model: model.update(config={"layers": json.loads("[" * 400 + "]" * 400)}),
}


def test_a_keras_file_with_its_optimizer_is_taken_in(store):
    take_in(store, archive_with(keras=keras_with(compiled)))


@pytest.mark.parametrize("name", KERAS)
def test_a_keras_file_that_asks_for_anything_else_is_refused_where_it_comes_in_and_where_it_lies(store, name):
    content = keras_with(KERAS[name])
    said = refused(lambda: take_in(store, archive_with(keras=content)), ArchiveError)
    assert f"The run {RUN} cannot be taken in. The run's model.keras" in said
    store.write("by-hand", "model.keras", content)
    refused_by_a_worker(store)


def refused_by_a_worker(store: RunStore) -> None:
    from mnist_lab.engine.worker import _beginnings
    from mnist_lab.gradients.answers import network

    refused(lambda: network(store.folder.url, "by-hand"), RunError)
    child = store.create(CONFIG, "child", parent="by-hand")
    refused(lambda: _beginnings(store, child, Path(store.folder.path)), RunError)


def rewritten(change: Callable[[Any], None]) -> bytes:
    """The weights of RUN with something changed in them."""
    import h5py

    content = io.BytesIO(keras_files.weights_in(BUNDLE.read(RUN, "model.keras"), CONFIG))
    with h5py.File(content, "r+") as file:
        change(file)
    return content.getvalue()


def instead(file: Any, place: str, **about: Any) -> None:
    del file[place]
    file.create_dataset(place, **about)


KERNEL, BIAS = "layers/dense/vars/0", "layers/dense/vars/1"
WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "large": lambda file: instead(file, KERNEL, shape=(1600, 10**9), dtype="f4"),
    "transposed": lambda file: instead(file, KERNEL, shape=(10, 1600), dtype="f4"),
    "double": lambda file: instead(file, KERNEL, shape=(1600, 10), dtype="f8"),
    "in large pieces": lambda file: instead(
        file, KERNEL, shape=(1600, 10), maxshape=(None, None), chunks=(30_000, 30_000), dtype="f4", compression="gzip"
    ),
    "missing": lambda file: file.pop(BIAS),
    "more": lambda file: file.create_dataset("optimizer/vars/99", shape=(10**6, 10**6), dtype="f4"),
    "words": lambda file: instead(file, BIAS, data=["word"] * 10),
    "elsewhere": lambda file: instead(file, BIAS, shape=(10,), dtype="f4", external=[("/etc/passwd", 0, 40)]),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_other_sizes_are_refused_where_they_come_in_and_where_they_lie(store, name):
    content = keras_with(lambda model: None, rewritten(WEIGHTS[name]))
    said = refused(lambda: take_in(store, archive_with(keras=content)), ArchiveError)
    assert f"The run {RUN} cannot be taken in. The run's model.keras" in said
    refused(lambda: of_run(CONFIG, BUNDLE.read(RUN, "model.tflite"), content), RunError)
    store.write("by-hand", "model.keras", content)
    refused_by_a_worker(store)


def test_a_keras_file_is_refused_for_its_change_alone():
    keras_files.check(keras_with(lambda model: None, rewritten(lambda file: None)), CONFIG)
