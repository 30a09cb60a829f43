"""Names and arguments that a library no longer has in the version that would be installed."""

import ast
import sys
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.keras_files import imports_keras, uses_keras_3
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
numpy.asscalar|numpy|1.23|.item()|
numpy.complex_|numpy|2.0|np.complex128|
numpy.string_|numpy|2.0|np.bytes_|
numpy.unicode_|numpy|2.0|np.str_|
numpy.Infinity|numpy|2.0|np.inf|
numpy.infty|numpy|2.0|np.inf|
numpy.cast|numpy|2.0|np.asarray(..., dtype=...)|
numpy.find_common_type|numpy|2.0|np.result_type|
numpy.row_stack|numpy|2.4|np.vstack|
pandas.np|pandas|2.0|import numpy|
pandas.Panel|pandas|1.0|another structure|
pandas.io.json.json_normalize|pandas|2.0|pandas.json_normalize|
sklearn.preprocessing.Imputer|scikit-learn|0.22|sklearn.impute.SimpleImputer|
sklearn.utils.testing|scikit-learn|0.24|sklearn.utils._testing|
sklearn.metrics.plot_roc_curve|scikit-learn|1.2|RocCurveDisplay.from_estimator|
sklearn.metrics.plot_precision_recall_curve|scikit-learn|1.2|PrecisionRecallDisplay.from_estimator|
sklearn.grid_search|scikit-learn|0.20|sklearn.model_selection|
sklearn.learning_curve|scikit-learn|0.20|sklearn.model_selection|
sklearn.ensemble.partial_dependence|scikit-learn|0.24|sklearn.inspection|
scipy.interp|scipy|1.13|numpy.interp|
scipy.integrate.cumtrapz|scipy|1.14|scipy.integrate.cumulative_trapezoid|
scipy.integrate.trapz|scipy|1.14|scipy.integrate.trapezoid|
scipy.integrate.simps|scipy|1.14|scipy.integrate.simpson|
scipy.signal.hann|scipy|1.13|scipy.signal.windows.hann|
scipy.misc.derivative|scipy|1.12|numdifftools|
scipy.misc.face|scipy|1.12|scipy.datasets.face|
matplotlib.cm.get_cmap|matplotlib|3.9|matplotlib.colormaps|
matplotlib.cm.register_cmap|matplotlib|3.9|matplotlib.colormaps.register|
collections.Mapping|python|3.10|collections.abc.Mapping|
collections.MutableMapping|python|3.10|collections.abc.MutableMapping|
collections.Iterable|python|3.10|collections.abc.Iterable|
collections.Sequence|python|3.10|collections.abc.Sequence|
collections.Callable|python|3.10|collections.abc.Callable|
inspect.getargspec|python|3.11|inspect.getfullargspec|
asyncio.coroutine|python|3.11|async def|
fractions.gcd|python|3.9|math.gcd|
time.clock|python|3.8|time.perf_counter|
platform.linux_distribution|python|3.8|the package distro|
locale.format|python|3.12|locale.format_string|
ssl.wrap_socket|python|3.12|ssl.SSLContext.wrap_socket|
pkgutil.ImpImporter|python|3.12|importlib|
unittest.makeSuite|python|3.13|unittest.TestLoader|
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
    "iteritems": ("items", "pandas", "2.0"),
}
_ARGUMENTS = {
    "lr": "learning_rate",
    "decay": "a schedule of keras.optimizers.schedules",
}
_OPTIMIZERS = frozenset(["Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "AdamW"])
_STYLES = frozenset({"matplotlib.pyplot.style.use", "matplotlib.style.use", "matplotlib.pyplot.style.context"})
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
        yield from _learning_rate(context, module, node)
        for name in _used(module, node):
            if name not in seen and _is_of_old_backend(context, name):
                seen.add(name)
                remedy = f"write keras.ops.{name.rpartition('.')[2]}, or hold keras<3"
                yield from _emit(context, module, node, f"{_written(node, name)} is gone since keras 3", remedy)
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


_OF_BACKEND = frozenset(
    {
        "backend",
        "cast_to_floatx",
        "clear_session",
        "epsilon",
        "floatx",
        "get_uid",
        "image_data_format",
        "is_float_dtype",
    }
    | {"is_int_dtype", "is_keras_tensor", "result_type", "rnn", "set_epsilon", "set_floatx", "set_image_data_format"}
    | {"standardize_dtype", "name_scope", "common", "config", "get_session", "set_session", "learning_phase"}
    | {"set_learning_phase", "tensorflow", "torch", "jax", "numpy", "Variable", "StatelessScope", "KerasTensor"}
)
"""What `keras.backend` of Keras 3 has, and what another row speaks of."""


def _is_of_old_backend(context: Context, name: str) -> bool:
    """`keras.backend.mean`: Keras 3 has its operations in keras.ops; tf.keras.backend still has the old ones."""
    parts = name.split(".")
    wanted = parts[:2] == ["keras", "backend"] and len(parts) == 3  # noqa: PLR2004
    return wanted and parts[2] not in _OF_BACKEND and uses_keras_3(context)


def _learning_rate(context: Context, module: Module, node: ast.AST) -> Iterator[Finding]:
    """`model.optimizer.lr`, which Keras 3 calls learning_rate."""
    if not (isinstance(node, ast.Attribute) and node.attr == "lr" and imports_keras(context) and uses_keras_3(context)):
        return
    owner = module.names.full(node.value)
    made = owner.startswith(("keras.optimizers.", "tensorflow.keras.optimizers.")) and owner.endswith("()")
    if made or ast.unparse(node.value).endswith(".optimizer"):
        message = f"{ast.unparse(node)}: optimizers have no lr in Keras 3, but learning_rate"
        yield from _emit(context, module, node, message, "write learning_rate in place of lr")


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
    if package == "python":
        return _python(context) >= tuple(int(part) for part in version.split("."))
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


def _python(context: Context) -> tuple[int, ...]:
    """The Python that the job runs with."""
    text = context.job.environment.python
    return tuple(int(part) for part in text.split(".")[:2]) if text else sys.version_info[:2]


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
        if name.rpartition(".")[2] in _METHODS and isinstance(call.func, ast.Attribute):
            yield from _method(context, module, call, keras_3=keras_3)
        else:
            yield from _of_tables(context, module, call, name)
            if keras_3:
                yield from _of_keras(context, module, call, name)


def _method(context: Context, module: Module, call: ast.Call, *, keras_3: bool) -> Iterator[Finding]:
    last = getattr(call.func, "attr", "")
    instead, package, version = _METHODS[last]
    if package == "tensorflow":
        package = context.packages.tensorflow or package
    if keras_3 if package == "keras" else context.packages.at_least(package, version) is True:
        owners = "tables" if package == "pandas" else "models"
        yield from _emit(context, module, call, f"{owners} have no {last} any more", f"write {instead}")


def _of_tables(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    """Calls of pandas, matplotlib and scikit-learn."""
    last, packages = name.rpartition(".")[2], context.packages
    given = {keyword.arg for keyword in call.keywords}
    if last == "append" and "ignore_index" in given and packages.at_least("pandas", "2.0") is True:
        message = "tables have no append since pandas 2.0"
        yield from _emit(context, module, call, message, "write pandas.concat([a, b]), or hold pandas<2")
    elif name in _STYLES and packages.at_least("matplotlib", "3.8") is True:
        yield from _style(context, module, call)
    elif last == "OneHotEncoder" and "sparse" in given and packages.at_least("scikit-learn", "1.4") is True:
        message = "OneHotEncoder has no argument sparse since scikit-learn 1.4"
        yield from _emit(context, module, call, message, "write sparse_output")


def _of_keras(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    """Calls that Keras 3 takes otherwise."""
    last = name.rpartition(".")[2]
    given = {keyword.arg for keyword in call.keywords}
    if last in _OPTIMIZERS and ("keras" in name or name == last):
        for wrong in sorted(str(one) for one in given & _ARGUMENTS.keys()):
            message = f"{last} has no argument {wrong} in Keras 3"
            yield from _emit(context, module, call, message, f"write {_ARGUMENTS[wrong]}")
    elif last == "fit" and isinstance(call.func, ast.Attribute):
        for wrong in sorted(str(one) for one in given & _FIT.keys()):
            message = f"fit has no argument {wrong} in Keras 3"
            yield from _emit(context, module, call, message, "leave it out; a PyDataset takes it")
    elif last == "ModelCheckpoint" and "period" in given:
        message = "ModelCheckpoint has no argument period in Keras 3"
        yield from _emit(context, module, call, message, "write save_freq='epoch'")
    elif last == "load_model" and call.args:
        yield from _loaded(context, module, call)


def _style(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    text = context.values(module).constant(call.args[0]) if call.args else None
    if isinstance(text, str) and text.startswith("seaborn") and "v0_8" not in text:
        message = f"matplotlib has no style '{text}' since 3.8"
        right = text.replace("seaborn", "seaborn-v0_8", 1)
        yield from _emit(context, module, call, message, f"write '{right}', or hold matplotlib<3.8")


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
        program, module, node, "AttributeError", "ImportError", "TypeError", "ValueError", "OSError"
    )
    yield found(
        context.job, "api-gone", message, remedy, at=module.at(node), severity=None if sure else W, confidence=LIKELY
    )
