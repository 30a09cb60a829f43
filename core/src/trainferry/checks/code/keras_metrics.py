"""Names of metrics that a script asks for, held against those that its training produces."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trainferry.checks.code import flow
from trainferry.checks.code.keras_files import imports_keras
from trainferry.checks.code.names import argument, has_double_star
from trainferry.checks.code.program import Module, Program
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.specs.finding import Finding

_ALIKE = [
    {"mae", "mean_absolute_error"},
    {"mse", "mean_squared_error"},
    {"msle", "mean_squared_logarithmic_error"},
    {"mape", "mean_absolute_percentage_error"},
    {"cosine_similarity", "cosine_proximity"},
    {"crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy", "ce"},
]
"""Names that one metric goes by, depending on the version."""
_ALWAYS = {"loss", "lr", "learning_rate", "epoch"}
_RECORDS = re.compile(r"(^|\.)(history|hist|h|H|his|training|res|result|results|r|history_\w*|\w*_history|\w*_hist)$")


@dataclass
class Training:
    """What is known of a program's training: None where it can't be told."""

    metrics: set[str] | None = field(default_factory=set)
    validates: bool | None = None


def check(context: Context) -> Iterator[Finding]:
    """Keys of a History, and monitors of callbacks, that no training of the program produces."""
    program = context.program
    if program is None or not imports_keras(context):
        return
    training = read_training(context, program)
    if training is None:
        return
    for module in program.modules:
        yield from _keys(context, module, training)
        yield from _monitors(context, module, training)


def read_training(context: Context, program: Program) -> Training | None:
    """Metrics and validation of all `compile` and `fit` calls together; None if there is none to be seen."""
    training = Training()
    compiled = fitted = False
    for module, call, name in program.calls():
        last = name.rpartition(".")[2]
        if (
            last == "compile"
            and name not in ("re.compile", "torch.compile", "compile")
            and isinstance(call.func, ast.Attribute)
        ):
            compiled = True
            names = (
                None if has_double_star(call) or _is_multiple(call) else _metrics(module, argument(call, 2, "metrics"))
            )
            weighted = argument(call, None, "weighted_metrics")
            if names is None or training.metrics is None or weighted is not None:
                training.metrics = None
            else:
                training.metrics |= names
        elif last in ("fit", "fit_generator") and isinstance(call.func, ast.Attribute) and not _is_other_fit(call):
            fitted = True
            training.validates = _either(training.validates, _validates(context, module, call))
        elif last in ("add_metric", "train_on_batch"):
            training.metrics = None
    for module in program.modules:
        if any(name in ("train_step", "test_step", "on_epoch_end") for name in module.names.functions):
            training.metrics = None
    return training if compiled and fitted else None


def _is_multiple(call: ast.Call) -> bool:
    """Whether a model has several outputs, whose names go before those of the metrics."""
    given = [argument(call, 1, "loss"), argument(call, 2, "metrics")]
    return any(isinstance(value, ast.Dict | ast.Tuple) for value in given) or isinstance(given[0], ast.List)


def _is_other_fit(call: ast.Call) -> bool:
    """Whether a `fit` has a name on it that isn't a model's: an encoder's or scaler's."""
    owner = ast.unparse(call.func)
    return any(word in owner.lower() for word in ("encoder", "scaler", "tokenizer", "vectorizer", "pca", "datagen"))


def _either(*known: bool | None) -> bool | None:
    return True if True in known else False if False in known else None


def _validates(context: Context, module: Module, call: ast.Call) -> bool | None:
    if has_double_star(call):
        return True
    if argument(call, None, "validation_data", "validation_split") is not None:
        split = argument(call, None, "validation_split")
        return context.values(module).constant(split) != 0 if split is not None else True
    return len(call.args) > 5  # noqa: PLR2004  (x, y, batch_size, epochs, verbose, callbacks, then validation)


def _metrics(module: Module, node: ast.expr | None) -> set[str] | None:
    if isinstance(node, ast.Name):
        node = module.names.only_value(node.id)
        if node is None:
            return None
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return set()
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    names = [_metric(module, item) for item in items]
    return None if any(name is None for name in names) else {name for name in names if name}


def _metric(module: Module, node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call):
        named = argument(node, None, "name")
        if named is not None:
            return named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else None
        return _snake(module.names.full(node.func).rpartition(".")[2])
    if isinstance(node, ast.Name) and node.id in module.names.functions:
        return node.id
    return None


def _snake(name: str) -> str:
    """`TopKCategoricalAccuracy` as Keras names it: `top_k_categorical_accuracy`."""
    text = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _is_produced(key: str, training: Training) -> bool:
    base = key.removeprefix("val_")
    if key != base and training.validates is False:
        return False
    if base in _ALWAYS or training.metrics is None:
        return True
    alike = next((group for group in _ALIKE if base in group), {base})
    plain = re.sub(r"_\d+$", "", base)
    return any(
        name in alike or name == plain or base.endswith(f"_{name}") or _is_accuracy(name, base)
        for name in training.metrics
    )


def _is_accuracy(name: str, base: str) -> bool:
    """`accuracy` is called by its kind in some versions: binary_accuracy, sparse_categorical_accuracy."""
    return name == "accuracy" and base.endswith("_accuracy")


def _produced(training: Training) -> str:
    names = ["loss", *sorted(training.metrics or ())]
    if training.validates:
        names += [f"val_{name}" for name in names]
    return ", ".join(names)


def _keys(context: Context, module: Module, training: Training) -> Iterator[Finding]:
    for node in module.nodes:
        if not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
            continue
        if not _is_history(module, node.value):
            continue
        key = context.values(module).constant(node.slice)
        if not isinstance(key, str) or _is_produced(key, training):
            continue
        program = context.program
        sure = (
            program is not None
            and flow.is_sure(program, module, node, "KeyError")
            and "in " not in _tests(module, node)
        )
        yield found(
            context.job,
            "metric-unknown",
            f"the training produces no '{key}': a KeyError after all epochs; it produces {_produced(training)}",
            _remedy(key, training),
            at=module.at(node),
            severity=None if sure else W,
            confidence=LIKELY,
        )


def _tests(module: Module, node: ast.AST) -> str:
    return " ".join(ast.unparse(part.test) for part in module.around(node) if isinstance(part, ast.If | ast.IfExp))


def _is_history(module: Module, node: ast.expr) -> bool:
    """Whether an expression is the dict of a History: `fit(...).history`, or a name given that."""
    if isinstance(node, ast.Attribute) and node.attr == "history":
        owner = module.names.full(node.value)
        return owner.endswith((".fit()", ".fit_generator()")) or bool(_RECORDS.search(ast.unparse(node.value)))
    if isinstance(node, ast.Name):
        value = module.names.only_value(node.id)
        return isinstance(value, ast.Attribute) and value.attr == "history" and _is_history(module, value)
    return False


def _remedy(key: str, training: Training) -> str:
    base = key.removeprefix("val_")
    if base != key and training.validates is False:
        return "give fit a validation_data or validation_split"
    if base in ("acc", "accuracy") and not training.metrics:
        return "compile with metrics=['accuracy'], and read 'accuracy'"
    other = {"acc": "accuracy", "accuracy": "acc"}.get(base)
    if other in (training.metrics or ()):
        return f"write '{key.replace(base, str(other))}'"
    return f"read one of those, or compile with a metric named '{base}'"


def _monitors(context: Context, module: Module, training: Training) -> Iterator[Finding]:
    for call, name in module.calls:
        last = name.rpartition(".")[2]
        if (
            last not in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
            or "lightning" in name
            or "ignite" in name
        ):
            continue
        place = 0 if last != "ModelCheckpoint" else 1
        given = argument(call, place, "monitor")
        values = context.values(module)
        key = values.constant(given) if given is not None else "val_loss"
        best = last != "ModelCheckpoint" or values.constant(argument(call, None, "save_best_only")) is True
        if isinstance(key, str) and best and not _is_produced(key, training):
            lost = "nothing is ever saved" if last == "ModelCheckpoint" else "it never acts"
            yield found(
                context.job,
                "monitor-unknown",
                f"{last} watches '{key}', which the training doesn't produce, so that {lost}; it produces "
                f"{_produced(training)}",
                _remedy(key, training),
                at=module.at(call),
            )
        if last == "ModelCheckpoint":
            yield from _in_name(context, module, call, training)


def _in_name(context: Context, module: Module, call: ast.Call, training: Training) -> Iterator[Finding]:
    """Metrics that stand in braces in a checkpoint's name."""
    path = argument(call, 0, "filepath")
    parts = (
        [node.value for node in ast.walk(path) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        if path
        else []
    )
    if isinstance(path, ast.JoinedStr):
        return
    for key in re.findall(r"\{(\w+)[^{}]*\}", "".join(parts)):
        if key not in ("epoch", "batch") and not _is_produced(key, training):
            message = (
                f"the checkpoint's name holds {{{key}}}, which the training doesn't produce: a KeyError "
                "after the first epoch"
            )
            yield found(
                context.job, "metric-unknown", message, _remedy(key, training), at=module.at(call), confidence=LIKELY
            )
