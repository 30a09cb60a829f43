"""What a script asks of the machine, against what the target's nodes have."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import POSSIBLE
from trainferry.specs.finding import Finding

_GPU = re.compile(
    r"list_physical_devices\(['\"]GPU['\"]\)\[|torch\.device\(['\"]cuda(:\d)?['\"]\)|\.cuda\(|\.to\(['\"]cuda|"
    r"tf\.device\(['\"]/?(device:)?gpu:|assert .*(GPU|cuda)|device=['\"]cuda|accelerator=['\"]gpu|set_device\("
)
_ACTIVATIONS = {
    "MobileNet": 60, "MobileNetV2": 80, "MobileNetV3": 60, "NASNetMobile": 110, "EfficientNetB0": 110,
    "EfficientNetB4": 320, "EfficientNetB7": 900, "EfficientNet": 150,
    "ResNet50": 170, "ResNet101": 260, "ResNet152": 360,
    "VGG16": 110, "VGG19": 120, "InceptionV3": 140, "InceptionResNetV2": 300, "Xception": 220, "DenseNet121": 200,
    "DenseNet169": 240, "DenseNet201": 300, "ConvNeXtBase": 350, "ConvNeXtLarge": 520, "ConvNeXtXLarge": 700,
    "ConvNeXt": 200,
    "NASNetLarge": 900, "RegNet": 250,
}  # fmt: skip
"""Megabytes that training keeps for one 224 x 224 picture, 32 bits wide: the sum of the layers' outputs, rounded up.
A rough guide: it tells a batch that fits ten times over from one that can't."""
_SIDE = 224
_ROOM = 0.9
"""Part of a GPU's memory that a model gets; the rest is the framework's."""
_COMMON = 16_000_000_000
"""Memory that a GPU is taken to have where the target doesn't say: that of a T4, the cloud's most common."""


def check(context: Context) -> Iterator[Finding]:
    """A GPU that is needed and not there, or paid for and not used, and a batch that can't fit."""
    if context.program is None:
        return
    yield from _gpu(context)
    yield from _memory(context)


def _gpu(context: Context) -> Iterator[Finding]:
    target, program, packages = context.target, context.program, context.packages
    gpus = target.gpus if target else None
    size = context.job.compute.size
    at = ("compute", "size")
    if program is None or gpus is None:
        return
    if gpus == 0:
        for module in program.modules:
            for node in module.nodes:
                if isinstance(node, ast.stmt) and not isinstance(
                    node, ast.FunctionDef | ast.ClassDef | ast.If | ast.For | ast.With | ast.Try
                ):
                    text = ast.unparse(node)
                    if _GPU.search(text) and "is_available" not in text and "else" not in text:
                        message = f"the script requires a GPU, and {size or 'a node'} has none"
                        yield found(
                            context.job,
                            "gpu-missing",
                            message,
                            "take a size with a GPU, or let the script do without: if gpus:",
                            at=module.at(node),
                        )
                        return
    elif {"tensorflow-cpu", "tensorflow-intel"} & packages.declared:
        yield found(
            context.job,
            "gpu-unused",
            f"{size or 'a node'} has a GPU, which is paid for, and the environment's TensorFlow has no part for it",
            "write tensorflow[and-cuda], or take a size without a GPU",
            at=at,
        )
    elif "tensorflow" in packages.requirements and not _has_cuda(context):
        version = packages.version("tensorflow")
        message = (
            f"{size or 'a node'} has a GPU, but neither the packages nor the image bring CUDA: "
            f"TensorFlow{f' {version}' if version else ''} would quietly train on the CPU"
        )
        yield found(
            context.job,
            "gpu-unused",
            message,
            "write tensorflow[and-cuda], or take an image with CUDA",
            at=("environment", "pip"),
            confidence=POSSIBLE,
        )


def _has_cuda(context: Context) -> bool:
    environment, packages = context.job.environment, context.packages
    if environment.curated or environment.dockerfile or "cuda" in (environment.image or "").lower():
        return True
    if "and-cuda" in packages.requirements["tensorflow"].extras or any("cud" in name for name in packages.declared):
        return True
    return "nvidia" in " ".join(packages.declared) or any("cuda" in item for item in environment.conda)


def _memory(context: Context) -> Iterator[Finding]:
    target, program = context.target, context.program
    if program is None or (target is not None and target.gpus == 0):
        return
    batch = _number(context, "batch_size", "batch", "train_batch_size", "bs")
    for module, call, name in program.calls():
        last = name.rpartition(".")[2]
        need = next(
            (_ACTIVATIONS[known] for known in sorted(_ACTIVATIONS, key=len, reverse=True) if last.startswith(known)),
            None,
        )
        if need is None or not last[:1].isupper():
            continue
        side = (
            _side(context, module, call)
            or _number(context, "image_size", "img_size", "size", "input_size", "resolution")
            or _SIDE
        )
        batch = batch or _batch(context)
        if batch is None:
            return
        wanted = need * 1e6 * batch * (side / _SIDE) ** 2
        memory = (target.gpu_memory_bytes if target else None) or _COMMON
        if wanted > memory * _ROOM:
            message = (
                f"{last} with a batch of {batch:.0f} pictures of {side:.0f} x {side:.0f} wants about "
                f"{wanted / 1e9:,.0f} GB of memory, and the GPU has {memory / 1e9:.0f} GB"
            )
            smaller = max(1, int(batch * memory * _ROOM / wanted))
            yield found(
                context.job,
                "gpu-memory",
                message,
                f"take a batch of at most {smaller}, smaller pictures, or a larger GPU",
                at=module.at(call),
            )
        return


def _number(context: Context, *names: str) -> float | None:
    value = context.option(*names)
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _batch(context: Context) -> float | None:
    """The batch size that a call of the program is given."""
    for module, call, _ in context.program.calls() if context.program else ():
        value = context.values(module).constant(argument(call, None, "batch_size"))
        if isinstance(value, int):
            return value
    return None


def _side(context: Context, module: Module, call: ast.Call) -> float | None:
    shape = argument(call, 2, "input_shape")
    if isinstance(shape, ast.Tuple) and shape.elts:
        value = context.values(module).constant(shape.elts[0])
        return value if isinstance(value, int) else None
    return None
