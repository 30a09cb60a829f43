"""File names that Keras 3 refuses: a model needs .keras or .h5, weights .weights.h5, a checkpoint one of the two."""

import ast
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.values import UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_SAVE_FUNCTIONS = ("keras.models.save_model", "keras.saving.save_model")
_NO_MODELS = ("PIL.", "torch.", "numpy.", "matplotlib.", "pandas.", "joblib.", "wandb.", "cv2.", "open()", "json.")


def check(context: Context) -> Iterator[Finding]:
    """Each save of a Keras model, of weights, and each checkpoint, if Keras 3 is what runs."""
    if context.program is None or not uses_keras_3(context):
        return
    for module, call, name in context.program.calls():
        last = name.rpartition(".")[2]
        if last == "ModelCheckpoint" and ("keras" in name or name == last) and "lightning" not in name:
            yield from _checkpoint(context, module, call)
        elif last == "save_weights":
            yield from _weights(context, module, call, 0)
        elif name.endswith(_SAVE_FUNCTIONS):
            yield from _model(context, module, call, argument(call, 1, "filepath"))
        elif last == "save" and isinstance(call.func, ast.Attribute) and is_model(context, module, call.func.value):
            yield from _model(context, module, call, argument(call, 0, "filepath"))


def uses_keras_3(context: Context) -> bool:
    """Whether the Keras that the program gets is surely of version 3."""
    program, packages = context.program, context.packages
    if program is None or packages.keras != 3:  # noqa: PLR2004
        return False
    legacy = context.variables.get("TF_USE_LEGACY_KERAS", "0").lower() in ("1", "true")
    sets_it = any(
        "TF_USE_LEGACY_KERAS" in (getattr(n, "value", None) or "")
        for m in program.modules
        for n in m.nodes
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )
    if not (legacy or sets_it):
        return True
    return all(not name.startswith("tensorflow.keras") for _, _, name in program.calls())


def imports_keras(context: Context) -> bool:
    """Whether the program works with Keras at all."""
    return any(
        target.split(".")[0] in ("keras", "tf_keras") or target.startswith("tensorflow")
        for module in (context.program.modules if context.program else ())
        for target in module.names.imported.values()
    )


def is_model(context: Context, module: Module, node: ast.expr) -> bool:
    """Whether an expression is most likely a Keras model: by what made it, else by its name and the methods it has."""
    full = module.names.full(node)
    if full.startswith(_NO_MODELS) or any(part in full for part in (".figure()", "Image", "torch", "Workbook()")):
        return False
    made = full.removesuffix("()").rpartition(".")[2]
    if full.endswith("()") and made in ("Sequential", "Model", "load_model", "clone_model"):
        return True
    if "keras.applications" in full:
        return True
    if isinstance(node, ast.Name) and imports_keras(context):
        trained = {"fit", "compile", "summary", "evaluate", "predict", "add", "build"}
        if node.id.lower() in ("model", "net", "network", "cnn", "m") or node.id.lower().endswith("model"):
            return True
        return any(
            isinstance(part, ast.Attribute)
            and part.attr in trained
            and isinstance(part.value, ast.Name)
            and part.value.id == node.id
            for part in module.nodes
        )
    return isinstance(node, ast.Attribute) and node.attr.lower().endswith("model") and imports_keras(context)


def _emit(context: Context, module: Module, call: ast.Call, message: str, remedy: str) -> Iterator[Finding]:
    program = context.program
    sure = program is not None and flow.is_sure(program, module, call, "ValueError")
    yield found(
        context.job,
        "keras-file-name",
        message,
        remedy,
        at=module.at(call),
        severity=None if sure else W,
        confidence=None if sure else LIKELY,
    )


_TIMES = (".strftime()", ".isoformat()", ".time()", ".now()", ".today()", ".timestamp()", ".uuid4()", ".getpid()")


def known_end(module: Module, path: ast.expr | None, text: str | None) -> str:
    """The path as far as its end is known; empty where it may end in anything. A time or a number is no ending."""
    if not text or not text.endswith(UNKNOWN):
        return text or ""
    last = path
    for _ in range(10):
        if isinstance(last, ast.Name) and (value := module.names.only_value(last.id)) is not None:
            last = value
        elif (
            isinstance(last, ast.Call)
            and last.args
            and module.names.full(last.func).endswith((".join", ".Path", "str", "int"))
        ):
            last = last.args[-1]
        elif isinstance(last, ast.JoinedStr) and last.values:
            last = last.values[-1]
        elif isinstance(last, ast.FormattedValue):
            last = last.value
        elif isinstance(last, ast.BinOp):
            last = last.right
        else:
            break
    return text if isinstance(last, ast.Call) and module.names.full(last).endswith(_TIMES) else ""


def _model(context: Context, module: Module, call: ast.Call, path: ast.expr | None) -> Iterator[Finding]:
    text = known_end(module, path, context.values(module).text(path))
    form = argument(call, None, "save_format")
    if form is not None:
        message = f"Keras 3 has no save_format any more: {ast.unparse(call)[:80]}"
        yield from _emit(context, module, call, message, "leave it out; the name says it: model.keras, or model.h5")
    elif text and not text.endswith((".keras", ".h5", ".hdf5")):
        stem = text.rstrip("/").replace(UNKNOWN, "...")
        better = f"{stem}/model.keras" if text.endswith("/") or stem in ("outputs", ".") else f"{stem}.keras"
        message = (
            f"Keras 3 refuses to save a model as '{text.replace(UNKNOWN, '...')}': the name must end in .keras or .h5"
        )
        yield from _emit(context, module, call, message, f"write '{better}', or model.export(...) for a SavedModel")


def _weights(context: Context, module: Module, call: ast.Call, place: int) -> Iterator[Finding]:
    path = argument(call, place, "filepath")
    text = known_end(module, path, context.values(module).text(path))
    if text and not text.endswith((".weights.h5", ".weights.json")):
        stem = (
            text.replace(UNKNOWN, "...")
            .removesuffix(".h5")
            .removesuffix(".hdf5")
            .removesuffix(".ckpt")
            .removesuffix(".keras")
        )
        message = (
            f"Keras 3 refuses to save weights as '{text.replace(UNKNOWN, '...')}': the name must end in "
            ".weights.h5, a whole model's in .keras"
        )
        yield from _emit(context, module, call, message, f"write '{stem}.weights.h5'")


def _checkpoint(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    values = context.values(module)
    path = argument(call, 0, "filepath")
    text = known_end(module, path, values.text(path))
    only_weights = values.constant(argument(call, None, "save_weights_only"))
    if not text:
        return
    shown = text.replace(UNKNOWN, "...")
    stem = shown.removesuffix(".hdf5").removesuffix(".h5").removesuffix(".ckpt").removesuffix(".keras").rstrip("/")
    if only_weights is True:
        if not text.endswith(".weights.h5"):
            message = (
                f"Keras 3 refuses the checkpoint '{shown}': weights alone need a name in .weights.h5, a "
                "whole model one in .keras"
            )
            yield from _emit(context, module, call, message, f"write '{stem}.weights.h5'")
    elif not text.endswith((".keras", ".h5")):
        message = f"Keras 3 refuses the checkpoint '{shown}': the name must end in .keras"
        yield from _emit(context, module, call, message, f"write '{stem}.keras'")
