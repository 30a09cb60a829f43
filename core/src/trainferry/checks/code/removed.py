"""Names and arguments that a library no longer has in the version that would be installed."""

import ast
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.keras_files import uses_keras_3
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_NAMES = """
numpy.bool|numpy|1.24|bool|
numpy.int|numpy|1.24|int|
numpy.float|numpy|1.24|float|
numpy.complex|numpy|1.24|complex|
numpy.object|numpy|1.24|object|
numpy.str|numpy|1.24|str|
numpy.float_|numpy|2.0|np.float64|
numpy.Inf|numpy|2.0|np.inf|
numpy.NaN|numpy|2.0|np.nan|
numpy.product|numpy|2.0|np.prod|
numpy.cumproduct|numpy|2.0|np.cumprod|
numpy.sometrue|numpy|2.0|np.any|
numpy.alltrue|numpy|2.0|np.all|
numpy.in1d|numpy|2.4|np.isin|
numpy.trapz|numpy|2.4|np.trapezoid|
PIL.Image.ANTIALIAS|pillow|10|Image.LANCZOS|
PIL.Image.CUBIC|pillow|10|Image.BICUBIC|
PIL.Image.LINEAR|pillow|10|Image.BILINEAR|
scipy.misc.imread|scipy|1.2|imageio.imread|
scipy.misc.imresize|scipy|1.3|PIL's Image.resize|
scipy.misc.imsave|scipy|1.2|imageio.imwrite|
sklearn.externals.joblib|scikit-learn|0.23|import joblib|
sklearn.cross_validation|scikit-learn|0.20|sklearn.model_selection|
sklearn.datasets.load_boston|scikit-learn|1.2|another dataset|
sklearn.metrics.plot_confusion_matrix|scikit-learn|1.2|ConfusionMatrixDisplay.from_estimator|
tensorflow.Session|tensorflow|2.0|eager execution, or tf.compat.v1.Session|
tensorflow.placeholder|tensorflow|2.0|tf.keras.Input, or tf.compat.v1.placeholder|
tensorflow.contrib|tensorflow|2.0|what replaced it in TensorFlow 2|
tensorflow.ConfigProto|tensorflow|2.0|tf.config|
tensorflow.set_random_seed|tensorflow|2.0|tf.random.set_seed|
tensorflow.global_variables_initializer|tensorflow|2.0|eager execution|
tensorflow.get_default_graph|tensorflow|2.0|tf.compat.v1.get_default_graph|
tensorflow.reset_default_graph|tensorflow|2.0|tf.compat.v1.reset_default_graph|
tensorflow.app|tensorflow|2.0|absl.app|
tensorflow.flags|tensorflow|2.0|absl.flags|
tensorflow.logging|tensorflow|2.0|tf.get_logger()|
tensorflow.gfile|tensorflow|2.0|tf.io.gfile|
tensorflow.layers|tensorflow|2.0|tf.keras.layers|
tensorflow.estimator|tensorflow|2.16|Keras|
keras.utils.np_utils|keras|2.13|keras.utils.to_categorical|
keras.utils.multi_gpu_model|keras|2.4|tf.distribute.MirroredStrategy|
keras.layers.normalization|keras|2.6|keras.layers|
keras.layers.convolutional|keras|2.13|keras.layers|
keras.layers.core|keras|2.13|keras.layers|
keras.layers.merge|keras|2.6|keras.layers|
keras.layers.advanced_activations|keras|2.6|keras.layers|
keras.layers.recurrent|keras|2.6|keras.layers|
keras.layers.CuDNNLSTM|keras|3|keras.layers.LSTM|
keras.layers.CuDNNGRU|keras|3|keras.layers.GRU|
keras.layers.experimental|keras|3|keras.layers|
keras.experimental|keras|3|what replaced it in Keras 3|
keras.engine|keras|2.13|the public names of Keras|
keras.wrappers|keras|2.12|the package scikeras|
keras.utils.generic_utils|keras|2.13|keras.utils|
keras.optimizers.legacy|keras|3|keras.optimizers|
keras.optimizers.experimental|keras|3|keras.optimizers|
keras.backend.get_session|keras|3|eager execution|
keras.backend.set_session|keras|3|eager execution|
keras.backend.learning_phase|keras|3|the argument training|
keras.backend.set_learning_phase|keras|3|the argument training|
keras.preprocessing.image.ImageDataGenerator|keras|pure3|tf.keras.preprocessing.image, or image_dataset_from_directory|
keras.preprocessing.text.Tokenizer|keras|pure3|keras.layers.TextVectorization|
keras.applications.keras_applications|keras|3|keras.applications|
keras.applications.resnet_v1|keras|3|keras.applications.resnet|
keras.losses.Reduction|keras|3|the text 'sum_over_batch_size'|
torch.set_default_tensor_type|torch|99|torch.set_default_dtype|
"""
"""name | package | first version without it | what to write. From the release notes of each; `pure3`: `keras` alone."""

_METHODS = {
    "fit_generator": ("fit", "keras", "3"),
    "predict_generator": ("predict", "keras", "3"),
    "evaluate_generator": ("evaluate", "keras", "3"),
    "predict_classes": ("predict(...).argmax(axis=-1)", "tensorflow", "2.6"),
    "predict_proba_classes": ("predict", "tensorflow", "2.6"),
}
_ARGUMENTS = {
    "lr": "learning_rate",
    "decay": "a schedule of keras.optimizers.schedules",
}
_OPTIMIZERS = frozenset(["Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "AdamW"])
_FIT = {"workers": "", "use_multiprocessing": "", "max_queue_size": ""}


def _table() -> dict[str, tuple[str, str, str]]:
    rows = (line.split("|") for line in _NAMES.strip().splitlines())
    return {name: (package, version, instead) for name, package, version, instead, _ in rows}


def check(context: Context) -> Iterator[Finding]:
    """Attributes, imports, methods and arguments that are gone."""
    if context.program is None:
        return
    table = _table()
    for module in context.program.modules:
        yield from _names(context, module, table)
        yield from _calls(context, module)


def _names(context: Context, module: Module, table: dict[str, tuple[str, str, str]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for node in module.nodes:
        for name in _used(module, node):
            own = name.replace("tensorflow.keras.", "keras.", 1) if name.startswith("tensorflow.keras.") else name
            known = _longest(own, table)
            if known is None or known in seen or not _is_gone(context, table[known], name):
                continue
            seen.add(known)
            package, version, instead = table[known]
            version = "3" if version == "pure3" else version
            yield from _emit(
                context,
                module,
                node,
                f"{_written(node, name[: len(name) - len(own) + len(known)])} is gone since {package} {version}",
                f"write {instead}, or hold {package}<{version}",
            )


def _written(node: ast.AST, full: str) -> str:
    """A name as the script has it, with the full one behind it where they differ."""
    text = ast.unparse(node) if isinstance(node, ast.Attribute) else full
    return text if text == full else f"{text} ({full})"


def _used(module: Module, node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(ctx=ast.Load()):
            yield module.names.full(node)
        case ast.ImportFrom(module=str(name), level=0):
            yield from (f"{name}.{alias.name}" for alias in node.names)
        case ast.Import():
            yield from (alias.name for alias in node.names)


def _longest(name: str, table: dict[str, tuple[str, str, str]]) -> str | None:
    parts = name.split(".")
    for count in range(len(parts), 1, -1):
        if (start := ".".join(parts[:count])) in table:
            return start
    return None


def _is_gone(context: Context, row: tuple[str, str, str], name: str) -> bool:
    package, version, _ = row
    packages = context.packages
    if name == "numpy.bool" and packages.at_least("numpy", "2.0") is not False:
        return False  # NumPy 2 has the name again, for its own type
    if package == "keras":
        if version == "pure3":
            return name.startswith("keras.") and packages.keras == 3  # noqa: PLR2004
        if version == "3":
            return uses_keras_3(context)
        if packages.keras == 3:  # noqa: PLR2004
            return uses_keras_3(context)
        held = packages.version("keras") or (packages.version(packages.tensorflow) if packages.tensorflow else None)
        from packaging.version import Version  # noqa: PLC0415

        return held is not None and held >= Version(version)
    if package == "tensorflow" and packages.tensorflow:
        package = packages.tensorflow
    if package == "numpy" and packages.version("numpy") is None and "numpy" not in packages.declared:
        return _numpy_is_new(context, version)
    return packages.at_least(package, version) is True


def _numpy_is_new(context: Context, version: str) -> bool:
    """Whether the NumPy that others bring along is surely of this version: TensorFlow holds it back in some."""
    from packaging.version import Version  # noqa: PLC0415

    packages = context.packages
    if not packages.has("numpy"):
        return False
    if packages.tensorflow:
        held = packages.version(packages.tensorflow)
        if held is None:
            return Version(version) <= Version("1.26")
        return Version(version) <= Version("1.24") and held >= Version("2.14")
    return Version(version) <= Version("1.24") and packages.at_least("numpy", version) is True


def _calls(context: Context, module: Module) -> Iterator[Finding]:
    keras_3 = uses_keras_3(context)
    for call, name in module.calls:
        last = name.rpartition(".")[2]
        given = {keyword.arg for keyword in call.keywords}
        if last in _METHODS and isinstance(call.func, ast.Attribute):
            instead, package, version = _METHODS[last]
            gone = (
                keras_3
                if package == "keras"
                else bool(context.packages.tensorflow)
                and context.packages.at_least(context.packages.tensorflow or "", version) is True
            )
            if gone:
                yield from _emit(context, module, call, f"models have no {last} any more", f"write {instead}")
        elif keras_3 and last in _OPTIMIZERS and ("keras" in name or name == last):
            for wrong in given & _ARGUMENTS.keys():
                yield from _emit(
                    context,
                    module,
                    call,
                    f"{last} has no argument {wrong} in Keras 3",
                    f"write {_ARGUMENTS[wrong or '']}",
                )
        elif keras_3 and last == "fit" and isinstance(call.func, ast.Attribute):
            for wrong in sorted(str(name) for name in given & _FIT.keys()):
                yield from _emit(
                    context,
                    module,
                    call,
                    f"fit has no argument {wrong} in Keras 3",
                    "leave it out; a PyDataset takes it",
                )
        elif keras_3 and last == "ModelCheckpoint" and "period" in given:
            yield from _emit(
                context, module, call, "ModelCheckpoint has no argument period in Keras 3", "write save_freq='epoch'"
            )
        elif keras_3 and last == "load_model" and call.args:
            yield from _loaded(context, module, call)


def _loaded(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    text = context.values(module).text(call.args[0])
    if text and "\0" not in text and (text.endswith("/") or "." not in text.rpartition("/")[2]):
        yield from _emit(
            context,
            module,
            call,
            f"Keras 3 loads no SavedModel, which '{text}' is: it takes .keras and .h5",
            "save the model as .keras, or take keras.layers.TFSMLayer",
        )


def _emit(context: Context, module: Module, node: ast.AST, message: str, remedy: str) -> Iterator[Finding]:
    program = context.program
    sure = program is not None and flow.is_sure(
        program, module, node, "AttributeError", "ImportError", "TypeError", "ValueError"
    )
    yield found(
        context.job, "api-gone", message, remedy, at=module.at(node), severity=None if sure else W, confidence=LIKELY
    )
