"""How much a script writes: a file for every epoch, hundreds of megabytes, thousands of files; and locked files."""

import ast
from collections.abc import Iterator

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.sinks import Write, mode_of, writes
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.specs.finding import Finding

LARGE = 200_000_000
"""Bytes below outputs/ from which sending them may take longer than the time that a target gives the end of a run."""
MANY = 1_000
"""Files below outputs/ from which sending them takes minutes."""


def check(context: Context) -> Iterator[Finding]:
    """Checkpoints that pile up, outputs that take long to send, and HDF5 on a mount."""
    if context.program is None:
        return
    for module, call, name in context.program.calls():
        if name.rpartition(".")[2] == "ModelCheckpoint":
            yield from _checkpoints(context, module, call)
        if name == "h5py.File":
            yield from _hdf5(context, module, call, name)
        yield from _repeated(context, module, call)
    yield from _loops(context)


def _checkpoints(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    values = context.values(module)
    path = argument(call, 0, "filepath")
    text = ast.unparse(path) if path is not None else ""
    resolved = values.text(path) or ""
    if "{epoch" not in text and "{epoch" not in resolved and "{batch" not in text:
        return
    if values.constant(argument(call, None, "save_best_only")) is True:
        return
    epochs = context.option("epochs", "num_epochs", "n_epochs", "max_epochs")
    count = f"{epochs} files" if epochs is not None else "one for each epoch"
    message = (
        f"every epoch leaves a checkpoint of its own ({count}): they may fill the disk of the node, and "
        "are all sent at the end"
    )
    yield found(
        context.job,
        "checkpoints-pile-up",
        message,
        "write save_best_only=True, or a name without {epoch}",
        at=module.at(call),
    )


def _hdf5(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    text = context.values(module).text(argument(call, 0, "name"))
    mode = mode_of(call, name)
    if text is None or not (set(mode) & set("a+w")):
        return
    if text.startswith((DATASET, "/mnt")) or text.lstrip("./").startswith("outputs"):
        message = (
            f"'{text.replace(DATASET, '').replace(UNKNOWN, '...')}' is opened as h5 with mode '{mode}': "
            "HDF5 locks and rewrites its file, which a mounted folder may refuse (errno 95, 38)"
        )
        yield found(
            context.job,
            "locked-on-mount",
            message,
            "write it below a temporary folder, and copy it to outputs/ when it is closed",
            at=module.at(call),
        )


def _repeated(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    """A write of a constant amount of bytes: `write(b'0' * 200_000_000)`, `np.zeros((...))`."""
    if not (
        isinstance(call.func, ast.Attribute) and call.func.attr in ("write", "write_bytes", "truncate") and call.args
    ):
        return
    values = context.values(module)
    amount = 0
    for node in ast.walk(call.args[0]):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                unit, count = one.value if isinstance(one, ast.Constant) else None, values.constant(other)
                if isinstance(unit, bytes | str) and isinstance(count, int):
                    amount = max(amount, len(unit) * count)
        elif (
            isinstance(node, ast.Call)
            and module.names.full(node.func) in ("bytes", "bytearray", "os.urandom")
            and node.args
        ):
            count = values.constant(node.args[0])
            amount = max(amount, count if isinstance(count, int) else 0)
    amount *= _times(context, module, call)
    if amount >= LARGE:
        message = (
            f"about {amount / 1e6:,.0f} MB are written: sending outputs/ of that size may run out of "
            "time at the end of the run"
        )
        yield found(
            context.job,
            "outputs-large",
            message,
            "keep in outputs/ only what you need, and write the rest to a temporary folder",
            at=module.at(call),
        )


def _times(context: Context, module: Module, node: ast.AST) -> int:
    """How often a line runs, by the loops over a constant `range` around it."""
    times = 1
    for parent in module.around(node):
        if (
            isinstance(parent, ast.For)
            and isinstance(parent.iter, ast.Call)
            and getattr(parent.iter.func, "id", "") == "range"
        ):
            numbers = [context.values(module).constant(item) for item in parent.iter.args]
            ends = [number for number in numbers if isinstance(number, int)]
            if len(ends) == len(numbers) and ends:
                times *= max(1, ends[0] if len(ends) == 1 else ends[1] - ends[0])
    return times


_MODELS = frozenset({"torch.save", "joblib.dump", "save", "save_weights", "save_model", "save_pretrained"})
"""Calls that write a model."""
_PILE = 20
"""Models of one run from which they are a pile."""


def _loops(context: Context) -> Iterator[Finding]:
    for write in writes(context):
        text = write.text
        yield from _models_of_loop(context, write)
        if text and UNKNOWN in text and text.lstrip("./").startswith("outputs"):
            times = _times(context, write.module, write.call)
            if times >= MANY:
                message = (
                    f"about {times:,} files are written below outputs/: sending them may run out of time "
                    "at the end of the run"
                )
                yield found(
                    context.job,
                    "outputs-large",
                    message,
                    "write one file, or an archive",
                    at=write.module.at(write.call),
                )


def _models_of_loop(context: Context, write: Write) -> Iterator[Finding]:
    """A model that is saved under another name in each turn of a loop."""
    name = write.module.names.full(write.call.func)
    text = write.text or ""
    is_model = name in _MODELS or name.rpartition(".")[2] in _MODELS - {"save"} or name.endswith("odel.save")
    if not is_model or UNKNOWN not in text or not _names_turn(write):
        return
    times = _times(context, write.module, write.call)
    if times >= _PILE:
        message = (
            f"each of {times:,} turns leaves a checkpoint of its own: they may fill the disk of the node, and are all "
            "sent at the end"
        )
        remedy = "save under one name, or keep the best one only"
        yield found(context.job, "checkpoints-pile-up", message, remedy, at=write.module.at(write.call))


def _names_turn(write: Write) -> bool:
    """Whether the name of the file has the loop's own variable in it."""
    used = {node.id for node in ast.walk(write.path) if isinstance(node, ast.Name)}
    loops = (parent for parent in write.module.around(write.call) if isinstance(parent, ast.For))
    return any(isinstance(loop.target, ast.Name) and loop.target.id in used for loop in loops)
