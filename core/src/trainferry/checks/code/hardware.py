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
    r"assert .*(is_available\(\)|is_gpu_available|device_count)|fp16=True|jax\.devices\(['\"](gpu|cuda)|gpu_hist|"
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
    "NASNetLarge": 900, "RegNet": 250, "wide_resnet": 400, "ViTB": 330, "ViTL": 900, "swin": 350,
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
                    asked = "is_available" in text and not isinstance(node, ast.Assert)
                    needs = _GPU.search(text) and not asked and "else" not in text and not _has_looked(module, node)
                    if needs or _takes_first(module, node):
                        message = f"the script requires a GPU, and {size or 'a node'} has none"
                        yield found(
                            context.job,
                            "gpu-missing",
                            message,
                            "take a size with a GPU, or let the script do without: if gpus:",
                            at=module.at(node),
                        )
                        return
    elif any(_is_for_cpu(text) for text in context.job.environment.pip):
        message = (
            f"{size or 'a node'} has a GPU, which is paid for, and the environment takes PyTorch for CPUs only (+cpu)"
        )
        yield found(context.job, "gpu-unused", message, "write the version without +cpu", at=("environment", "pip"))
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


def _has_looked(module: Module, node: ast.stmt) -> bool:
    """Whether a statement stands below a condition that asks for a GPU."""
    tests = (ast.unparse(parent.test) for parent in module.around(node) if isinstance(parent, ast.If))
    return any(re.search(r"(?i)cuda|gpu|device", test) for test in tests)


def _is_for_cpu(requirement: str) -> bool:
    """Whether a requirement asks for a build of PyTorch that has no part for GPUs."""
    return bool(re.match(r"\s*(torch|torchvision|torchaudio|jaxlib)\b.*\+cpu", requirement))


def _takes_first(module: Module, node: ast.stmt) -> bool:
    """Whether a statement takes a GPU of a list without having looked, or insists on one, or ends without."""
    if any(isinstance(parent, ast.If | ast.Try) for parent in module.around(node)):
        if not isinstance(node, ast.Raise):
            return False
        parent = module.parents.get(node)
        return isinstance(parent, ast.If) and node in parent.body and _asks_for_none(module, parent.test)
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant) and _is_gpus(module, part.value):
            return True
    return isinstance(node, ast.Assert) and any(_is_gpus(module, part) for part in ast.walk(node.test))


def _asks_for_none(module: Module, test: ast.expr) -> bool:
    """`not torch.cuda.is_available()`, `not gpus`, `len(gpus) == 0`."""
    text = ast.unparse(test)
    if text.startswith("not ") and "cuda.is_available" in text:
        return True
    named = any(_is_gpus(module, part) for part in ast.walk(test))
    return named and (text.startswith("not ") or text.endswith(("== 0", "< 1")))


def _is_gpus(module: Module, node: ast.AST) -> bool:
    """Whether a name stands for the list of GPUs that TensorFlow gives."""
    if not isinstance(node, ast.Name):
        return False
    value = module.names.only_value(node.id)
    return value is not None and bool(
        re.search(r"list_(physical|logical)_devices\(['\"]GPU['\"]\)$", ast.unparse(value))
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
        need = _activations(call, name)
        if need is None:
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


def _activations(call: ast.Call, name: str) -> float | None:
    """Megabytes for one picture of the model that a call makes; None if it makes none that is known."""
    last = name.rpartition(".")[2]
    if last in ("create_model", "get_model") and call.args and isinstance(call.args[0], ast.Constant):
        last = str(call.args[0].value).partition(".")[0]  # of timm, or of torchvision
    elif not (last[:1].isupper() or name.startswith("torchvision.models.")):
        return None
    plain = last.lower().replace("_", "")
    known = sorted(_ACTIVATIONS, key=len, reverse=True)
    return next((_ACTIVATIONS[one] for one in known if plain.startswith(one.lower().replace("_", ""))), None)


def _number(context: Context, *names: str) -> float | None:
    value = context.option(*names)
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _batch(context: Context) -> float | None:
    """The batch size that a call of the program is given."""
    for module, call, _ in context.program.calls() if context.program else ():
        value = context.values(module).constant(argument(call, None, "batch_size", "per_device_train_batch_size"))
        if isinstance(value, int):
            return value
    return None


def _side(context: Context, module: Module, call: ast.Call) -> float | None:
    shape = argument(call, 2, "input_shape")
    if isinstance(shape, ast.Tuple) and shape.elts:
        value = context.values(module).constant(shape.elts[0])
        return value if isinstance(value, int) else None
    for where, other, _ in context.program.calls() if context.program else ():
        size = argument(other, None, "image_size", "target_size")
        if isinstance(size, ast.Tuple | ast.List) and size.elts:
            value = context.values(where).constant(size.elts[-1])
            return value if isinstance(value, int) else None
    return None
