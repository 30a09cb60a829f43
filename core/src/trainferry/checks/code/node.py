"""What a script takes for granted of a node: system libraries, more than one GPU, rights, a steady machine."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code.names import argument, imports
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, E, W
from trainferry.specs.finding import Finding

_GL = ("opencv-python", "opencv-contrib-python")
_PROGRAMS = {
    "pytesseract": ("pytesseract", "tesseract"),
    "pdf2image": ("pdf2image", "poppler"),
    "pydot": ("pydot", "graphviz (dot)"),
    "graphviz": ("graphviz", "graphviz (dot)"),
    "pyodbc": ("pyodbc", "unixODBC"),
    "pyaudio": ("pyaudio", "portaudio"),
    "selenium": ("selenium", "a browser"),
    "moviepy": ("moviepy", "ffmpeg"),
    "pydub": ("pydub", "ffmpeg"),
    "mpi4py": ("mpi4py", "MPI"),
    "pycuda": ("pycuda", "the CUDA toolkit"),
}
"""Packages that call a program or library of the system that pip doesn't bring (their installation pages)."""
_INSTALLS = re.compile(r"\b(pip3? install|apt(-get)? install|conda install|sudo )")
_SHELLS = frozenset({"os.system", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.Popen"})
_GPU_NUMBER = re.compile(r"(cuda|gpu):(\d)", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    """Each of these."""
    if context.program is None:
        return
    yield from _libraries(context)
    yield from _gpus(context)
    yield from _preemption(context)
    for module, call, name in context.program.calls():
        yield from _installs(context, module, call, name)
        yield from _locks(context, module, call, name)
        yield from _workers(context, module, call, name)


def _libraries(context: Context) -> Iterator[Finding]:
    environment, packages = context.job.environment, context.packages
    if environment.current or environment.dockerfile or environment.curated or environment.conda:
        return
    own_image = environment.image is not None and "mcr.microsoft.com/azureml/openmpi" not in environment.image
    for module in context.program.modules if context.program else ():
        for node, name in imports(module.nodes):
            top = name.partition(".")[0]
            if (
                top == "cv2"
                and set(_GL) & packages.declared
                and not any("headless" in one for one in packages.declared)
            ):
                message = "opencv-python needs libGL of the system (ImportError: libGL.so.1), which few images have"
                remedy = "write opencv-python-headless, which does without"
                severity = W if own_image or context.target is None or not context.target.paid else E
                yield found(context.job, "system-library", message, remedy, at=module.at(node), severity=severity)
                return
            known = _PROGRAMS.get(top)
            if known and known[0] in packages.declared:
                message = f"{known[0]} calls {known[1]} of the system, which pip doesn't bring and few images have"
                remedy = "install it in a Dockerfile, or by conda"
                yield found(context.job, "system-library", message, remedy, at=module.at(node), confidence=POSSIBLE)


def _gpus(context: Context) -> Iterator[Finding]:
    """GPUs that are named by a number that the node doesn't have."""
    gpus = context.target.gpus if context.target else None
    if gpus != 1:
        return  # how many a larger size has isn't always known
    for module in context.program.modules if context.program else ():
        for node in module.nodes:
            number = _number(module, node)
            if number is not None and number >= gpus:
                message = f"the GPU number {number} is asked for; a node has {gpus} GPU, whose number is 0"
                yield found(context.job, "gpu-missing", message, "ask for the number 0", at=module.at(node))
                return


def _number(module: Module, node: ast.AST) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        match = _GPU_NUMBER.search(node.value)
        return (
            int(match[2]) if match and isinstance(module.parents.get(node), ast.Call | ast.List | ast.Assign) else None
        )
    if isinstance(node, ast.Assign) and "CUDA_VISIBLE_DEVICES" in ast.unparse(node.targets[0]):
        value = getattr(node.value, "value", None)
        numbers = re.findall(r"\d+", value) if isinstance(value, str) else []
        return max((int(number) for number in numbers), default=None)
    return None


def _preemption(context: Context) -> Iterator[Finding]:
    if context.job.compute.priority != "low" or context.program is None:
        return
    names = [name.rpartition(".")[2] for _, _, name in context.program.calls()]
    keeps = any(
        name in ("ModelCheckpoint", "BackupAndRestore", "CheckpointManager", "save_checkpoint") for name in names
    )
    resumes = any(
        name in ("BackupAndRestore", "load_weights", "load_model", "restore", "load_state_dict") for name in names
    )
    if not (keeps and resumes):
        missing = "takes up what an earlier start has saved" if keeps else "saves anything on the way"
        message = f"low priority nodes are taken away at any time (preempted), and nothing in the script {missing}"
        remedy = "use keras.callbacks.BackupAndRestore, or checkpoint and resume, or write priority: dedicated"
        yield found(context.job, "preemption-unprepared", message, remedy, at=("compute", "priority"))


def _installs(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if name not in _SHELLS and name != "pip.main":
        return
    words = " ".join(str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant))
    match = _INSTALLS.search(words)
    if match:
        message = f"'{match[0].strip()}' changes the node while the job runs: it needs rights and a way to the internet"
        yield found(context.job, "installs", message, "list it under environment.pip or conda", at=module.at(call))


def _locks(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    """Databases and links on what may be a mount."""
    from trainferry.checks.code.values import DATASET  # noqa: PLC0415

    values = context.values(module)
    if name == "sqlite3.connect" or "sqlite:///" in ast.unparse(call):
        texts = [
            node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        text = values.text(argument(call, 0, "database")) or next((t for t in texts if "sqlite:///" in t), "")
        clean = text.removeprefix("sqlite:///").lstrip("./")
        if clean.startswith("outputs") or text.startswith(DATASET):
            message = (
                f"'{text.replace(DATASET, '')}' is a database of sqlite3 (SQLite), which locks its file: a mounted "
                "folder refuses"
            )
            remedy = "keep it in a temporary folder, and copy it to outputs/ at the end"
            yield found(context.job, "locked-on-mount", message, remedy, at=module.at(call))
    elif name in ("os.symlink", "os.link", "os.mkfifo", "fcntl.flock", "fcntl.lockf"):
        text = values.text(argument(call, 1, "dst")) or ""
        if text.lstrip("./").startswith("outputs") or name.startswith("fcntl"):
            message = f"{name} is refused on a mounted folder, and a link isn't brought back"
            yield found(context.job, "locked-on-mount", message, "copy the file instead", at=module.at(call))


def _workers(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    cores = context.target.cores if context.target else None
    workers = context.values(module).constant(argument(call, None, "num_workers"))
    if name.rpartition(".")[2] == "DataLoader" and isinstance(workers, int) and cores is not None and workers > cores:
        message = f"{workers} workers (num_workers) on a node with {cores} cores, which share its /dev/shm"
        confidence = LIKELY
        yield found(context.job, "workers-many", message, f"write {cores}", at=module.at(call), confidence=confidence)
