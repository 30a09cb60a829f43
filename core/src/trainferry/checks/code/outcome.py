"""Ends that look like success, and results that can't be kept."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, W
from trainferry.specs.finding import Finding

_ENDS = ("sys.exit", "os._exit", "exit", "quit", "os.abort", "os.kill")
_SHELLS = frozenset({"os.system", "subprocess.run", "subprocess.call", "subprocess.Popen", "subprocess.getoutput"})
_DUMPS = ("pickle.dump", "pickle.dumps", "joblib.dump", "dill.dump", "cloudpickle.dump")
LONGEST_PARAMETER = 500
"""Characters of a logged parameter that MLflow's server takes (its documentation)."""
MOST_PARAMETERS = 100
"""Parameters in one call of log_params (MLflow's REST documentation)."""


def check(context: Context) -> Iterator[Finding]:
    """Exceptions that are swallowed, commands whose failure is lost, and things that can't be stored."""
    if context.program is None:
        return
    for module in context.program.modules:
        yield from _swallowed(context, module)
        for call, name in module.calls:
            yield from _shell(context, module, call, name)
            yield from _pickled(context, module, call, name)
            yield from _parameter(context, module, call, name)
            yield from _printed(context, module, call, name)


def _swallowed(context: Context, module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if not isinstance(node, ast.Try) or not _holds_work(module, node):
            continue
        for handler in node.handlers:
            kinds = flow.caught(handler.type) if handler.type is not None else {"BaseException"}
            if kinds & {"Exception", "BaseException"} and not _goes_on_failing(module, handler):
                message = (
                    "an exception that is caught here ends the script with exit code 0: the run is "
                    "called completed, without its output"
                )
                yield found(
                    context.job,
                    "error-swallowed",
                    message,
                    "end the handler with raise, or sys.exit(1)",
                    at=module.at(handler),
                )
                break


def _goes_on_failing(module: Module, handler: ast.ExceptHandler) -> bool:
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and module.names.full(node.func).endswith(_ENDS):
            return not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
        if isinstance(node, ast.Continue | ast.Import | ast.ImportFrom):
            return True  # one item of many is left out, or something else is tried
        if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Attribute):
            return True  # another value takes the place of what failed
    return False


def _holds_work(module: Module, node: ast.Try) -> bool:
    """Whether what is tried is the script's real work: all of it, its main function, or the training."""
    if (
        flow.function_of(module, node) is None
        and module.is_script
        and not any(isinstance(parent, ast.For | ast.While) for parent in module.around(node))
    ):
        return not all(isinstance(item, ast.Import | ast.ImportFrom) for item in node.body)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            name = module.names.full(inner.func)
            if name.rpartition(".")[2] in ("fit", "train", "main", "train_on_batch", "backward"):
                return True
    return False


def _shell(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if name not in _SHELLS:
        return
    text = " ".join(
        node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    checked = any(k.arg == "check" and getattr(k.value, "value", None) is True for k in call.keywords)
    used = isinstance(
        module.parents.get(call),
        ast.Assign | ast.Compare | ast.Attribute | ast.Return | ast.Call | ast.If | ast.withitem,
    )
    piped = re.search(r"\bpython[\d.]*\b[^|;]*(\|(?!\|)|;|\|\|)", text)
    if piped and "pipefail" not in text and not re.search(r"set -\w*e\w*\b.*;", text):
        message = (
            f"the exit code of '{piped[0].rstrip('|; ')}' is lost behind '{piped[1]}': the run is called "
            "completed, with or without its output"
        )
        yield found(
            context.job,
            "exit-code-lost",
            message,
            "write set -o pipefail, && in place of ;, or run the script by itself",
            at=module.at(call),
        )
    elif not checked and not used and re.search(r"\bpython|\.py\b|\.sh\b", text):
        message = "nobody looks at how this command ended: if it fails, the run is called completed, without its output"
        yield found(context.job, "exit-code-lost", message, "write subprocess.run(..., check=True)", at=module.at(call))


def _pickled(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if not name.endswith(_DUMPS) or not call.args:
        return
    full = module.names.full(call.args[0])
    what = ""
    if full.endswith((".fit()", ".fit_generator()")) and "sklearn" not in full and _works_with_keras(module):
        what = "the History that fit returns"
    elif (
        "keras" in full and full.endswith("()") and ("Sequential" in full or ".Model()" in full or "load_model" in full)
    ):
        what = "a Keras model"
    elif full.endswith(("open()", "Lock()", "Thread()", "socket()", "<lambda>")) or isinstance(
        call.args[0], ast.Lambda
    ):
        what = "something that holds a lock, a file or a function"
    if what:
        old = context.packages.keras == 2 and not _is_new(context)  # noqa: PLR2004
        sure = what.startswith("something") or old
        yield found(
            context.job,
            "not-picklable",
            f"{name.rpartition('.')[2]}: pickle can't store {what} in every version: it holds the model, locks and all",
            "store history.history, a plain dict, with json; a model with model.save('outputs/model.keras')",
            at=module.at(call),
            severity=None if sure else W,
            confidence=LIKELY if sure else POSSIBLE,
        )


def _is_new(context: Context) -> bool:
    """Whether Keras models can be pickled: since TensorFlow 2.11 (its release notes)."""
    packages = context.packages
    return bool(packages.tensorflow) and packages.at_least(packages.tensorflow or "", "2.11") is True


def _works_with_keras(module: Module) -> bool:
    return any(target.split(".")[0] in ("keras", "tensorflow", "tf_keras") for target in module.names.imported.values())


def _parameter(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    last = name.rpartition(".")[2]
    values = context.values(module)
    key, value = argument(call, 0, "key"), argument(call, 1, "value")
    if last in ("log_param", "set_tag") and "mlflow" in name and key is not None and value is not None:
        size = _length(context, module, value)
        most = LONGEST_PARAMETER if last == "log_param" else 5000
        if size > most:
            message = f"the parameter {values.text(key)} is {size} characters long; the tracking server takes {most}"
            yield found(
                context.job,
                "parameter-long",
                message,
                "log a short name for it, and the text as a file: mlflow.log_text",
                at=module.at(call),
            )
        elif _may_be_long(module, value):
            message = (
                f"what is logged as {values.text(key)} may be longer than the {most} characters "
                "that the tracking server takes"
            )
            yield found(
                context.job,
                "parameter-long",
                message,
                "log the text as a file: mlflow.log_text",
                at=module.at(call),
                confidence=POSSIBLE,
            )
    elif last == "log_params" and "mlflow" in name and (given := argument(call, 0, "params")) is not None:
        count = _count(module, given)
        if count > MOST_PARAMETERS:
            message = (
                f"{count} parameters in one call; the tracking server takes {MOST_PARAMETERS} (and "
                f"{LONGEST_PARAMETER} characters each)"
            )
            yield found(
                context.job, "parameter-long", message, "log them as a file: mlflow.log_dict", at=module.at(call)
            )
        elif re.search(r"vars\(|__dict__|os\.environ|get_config\(", ast.unparse(given)):
            message = (
                f"what is logged may hold values longer than {LONGEST_PARAMETER} characters, or more "
                f"than {MOST_PARAMETERS} of them"
            )
            yield found(
                context.job,
                "parameter-long",
                message,
                "log it as a file: mlflow.log_dict",
                at=module.at(call),
                confidence=POSSIBLE,
            )


def _length(context: Context, module: Module, node: ast.expr) -> int:
    """Characters of a text that is written out or repeated; 0 if that can't be told."""
    values = context.values(module)
    if isinstance(node, ast.Name) and (value := module.names.only_value(node.id)) is not None:
        return _length(context, module, value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for text, number in ((node.left, node.right), (node.right, node.left)):
            unit, count = values.text(text), values.constant(number)
            if unit is not None and isinstance(count, int):
                return len(unit) * count
    if isinstance(node, ast.Call) and module.names.full(node.func) in ("str", "repr", "json.dumps") and node.args:
        inner = node.args[0]
        count = (
            values.constant(inner.args[0])
            if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "range" and inner.args
            else None
        )
        return (
            len(str(ast.unparse(inner)))
            if isinstance(inner, ast.List | ast.Dict)
            else count
            if isinstance(count, int) and count > LONGEST_PARAMETER
            else 0
        )
    written = values.text(node)
    return len(written) if written else 0


def _may_be_long(module: Module, node: ast.expr) -> bool:
    text = ast.unparse(node)
    if isinstance(node, ast.Name) and (value := module.names.only_value(node.id)) is not None:
        text += ast.unparse(value)
    return bool(
        re.search(
            r"json\.dumps|sys\.argv|get_config|to_json|os\.environ|summary|class_names|vars\(|list\(range|\.join\(",
            text,
        )
    )


def _count(module: Module, node: ast.expr) -> int:
    if isinstance(node, ast.Name) and (value := module.names.only_value(node.id)) is not None:
        node = value
    if isinstance(node, ast.Dict):
        return len(node.keys)
    if isinstance(node, ast.DictComp):
        source = node.generators[0].iter
        if (
            isinstance(source, ast.Call)
            and getattr(source.func, "id", "") == "range"
            and source.args
            and isinstance(source.args[-1], ast.Constant)
        ):
            return int(source.args[-1].value) if isinstance(source.args[-1].value, int) else 0
    return 0


def _printed(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if name not in ("print", "logging.info", "logging.warning", "sys.stdout.write", "tqdm.write"):
        return
    texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    strange = next((char for text in texts for char in text if not _is_western(char)), None)
    if (
        strange is None
        or any(found_before.endswith("reconfigure") for _, found_before in module.calls)
        or "PYTHONIOENCODING" in context.variables
        or "PYTHONUTF8" in context.variables
    ):
        return
    message = (
        f"{strange!a} is printed, which a terminal or log with another encoding than UTF-8 can't show "
        "(UnicodeEncodeError under Windows)"
    )
    yield found(
        context.job,
        "log-encoding",
        message,
        "print plain characters, or set environment: {variables: {PYTHONUTF8: '1'}}",
        at=module.at(call),
        confidence=POSSIBLE,
    )


def _is_western(char: str) -> bool:
    """Whether the code page of a western Windows has a character."""
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
