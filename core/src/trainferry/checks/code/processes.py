"""Processes that a script starts, and the nodes that it is spread over."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.specs.finding import Finding

_STARTERS = frozenset({"Pool", "Process", "ProcessPoolExecutor", "Manager", "spawn"})
_SPREADS = re.compile(
    r"distribute|TF_CONFIG|horovod|hvd\.|torch\.distributed|init_process_group|DistributedDataParallel|mpi4py|MPI|"
    r"RANK|WORLD_SIZE|accelerate|Accelerator|deepspeed|lightning|DataParallel|ray\.|\bTrainer\b|jax\.distributed|dask"
)
"""Words that only a script has that shares its work between nodes."""
_SPAWNING = 14
"""Minor version of Python 3 from which processes on Linux no longer start by fork (What's New in 3.14)."""


def check(context: Context) -> Iterator[Finding]:
    """Processes started without a guard where each start runs the script again, and nodes that nothing shares."""
    program = context.program
    if program is None:
        return
    way = _way(context)
    for module in program.modules:
        for call, name in module.calls:
            if way and _starts(name, call, module) and _unguarded(module, call):
                message = (
                    f"processes start by {way} here, and each runs the script from its first line again: "
                    'without `if __name__ == "__main__":` that has no end'
                )
                yield found(
                    context.job,
                    "no-main-guard",
                    message,
                    'put what starts them below if __name__ == "__main__":',
                    at=module.at(call),
                )
                break
    yield from _nodes(context)


def _way(context: Context) -> str:
    """How processes start, if not by fork; empty for fork."""
    for _, call, name in context.program.calls() if context.program else ():
        if name.endswith(("set_start_method", "get_context")) and call.args:
            method = getattr(call.args[0], "value", None)
            return method if method in ("spawn", "forkserver") else ""
        if name.endswith("multiprocessing.spawn") or name == "torch.multiprocessing.spawn":
            return "spawn"
    python = context.job.environment.python
    return "forkserver" if python and int(python.split(".")[1]) >= _SPAWNING else ""


def _starts(name: str, call: ast.Call, module: Module) -> bool:
    last = name.rpartition(".")[2]
    if last == "DataLoader":
        workers = argument(call, None, "num_workers")
        return isinstance(workers, ast.Constant) and bool(workers.value)
    return last in _STARTERS and (
        "multiprocessing" in name or "concurrent" in name or "get_context" in name or "mp" in module.names.imported
    )


def _unguarded(module: Module, call: ast.Call) -> bool:
    """Whether a call runs when its module is read: at the top, or in a function that is called at the top."""
    if any(flow.is_main_guard(parent) for parent in module.around(call)):
        return False
    function = flow.function_of(module, call)
    if function is None:
        return module.is_script
    return (
        any(
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == function.name
            and flow.function_of(module, node) is None
            and not any(flow.is_main_guard(parent) for parent in module.around(node))
            for node in module.nodes
        )
        and module.is_script
    )


def _nodes(context: Context) -> Iterator[Finding]:
    job, program = context.job, context.program
    spread = job.distribution
    if spread is None or spread.nodes * spread.processes_per_node < 2 or program is None:  # noqa: PLR2004
        return
    if any(_SPREADS.search(ast.unparse(module.tree)) for module in program.modules):
        return
    count = spread.nodes * spread.processes_per_node
    message = (
        f"{count} processes are asked for, but nothing in the script shares the work: each would train "
        f"the same model, with distribution: {spread.kind}"
    )
    yield found(
        job,
        "distribution-unused",
        message,
        "use tf.distribute, torch.distributed or the like in the script, or take distribution out",
        at=("distribution",),
    )
