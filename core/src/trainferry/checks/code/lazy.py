"""Packages that a call needs beyond those that its own package brings along: missed only when the line runs."""

import ast
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.context import Context
from trainferry.checks.packages import normal
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, W
from trainferry.specs.finding import Finding

_PILLOW = ("pillow",)
_NEEDS: dict[str, tuple[str, ...]] = {
    "flow_from_directory": _PILLOW,
    "flow_from_dataframe": ("pandas",),
    "load_img": _PILLOW,
    "array_to_img": _PILLOW,
    "save_img": _PILLOW,
    "plot_model": ("pydot",),
    "model_to_dot": ("pydot",),
    "apply_affine_transform": ("scipy",),
    "random_rotation": ("scipy",),
    "random_shear": ("scipy",),
    "random_zoom": ("scipy",),
    "read_excel": ("openpyxl", "xlrd", "calamine"),
    "to_excel": ("openpyxl", "xlsxwriter"),
    "read_parquet": ("pyarrow", "fastparquet"),
    "to_parquet": ("pyarrow", "fastparquet"),
    "read_feather": ("pyarrow",),
    "to_feather": ("pyarrow",),
    "read_hdf": ("tables",),
    "to_hdf": ("tables",),
    "to_markdown": ("tabulate",),
    "to_latex": ("jinja2",),
    "Trainer": ("accelerate",),
    "Seq2SeqTrainer": ("accelerate",),
    "TensorBoardLogger": ("tensorboard", "tensorboardx"),
    "prepare_model_for_kbit_training": ("bitsandbytes",),
    "BitsAndBytesConfig": ("bitsandbytes",),
    "read_html": ("lxml", "html5lib"),
    "read_xml": ("lxml",),
    "SummaryWriter": ("tensorboard", "tensorboardx"),
}
"""Calls by their last name, with the packages of which one must be there (their documentation)."""
_AUGMENTATIONS = frozenset({"rotation_range", "shear_range", "zoom_range", "width_shift_range", "height_shift_range"})
_OF_PANDAS = ("read_", "to_")


def check(context: Context) -> Iterator[Finding]:
    """Each such call whose package isn't in the environment, once for each package."""
    packages = context.packages
    if (
        context.program is None
        or packages.environment.current
        or packages.environment.curated
        or packages.environment.dockerfile
    ):
        return
    if not packages.declared:
        return
    extras = any(one.extras - {"and-cuda"} for one in packages.requirements.values())
    seen: set[tuple[str, ...]] = set()
    for module, call, name in context.program.calls():
        last = name.rpartition(".")[2]
        needs = _of_library(name, call) if last in _OF_LIBRARY else _needs(last, call)
        needs = needs or _of_address(context.values(module).text(argument(call, 0)), name)
        if needs is None or needs in seen or any(packages.has(normal(need)) for need in needs):
            continue
        seen.add(needs)
        sure = (
            flow.is_sure(context.program, module, call, "ImportError", "ModuleNotFoundError")
            and not packages.is_open
            and not extras
        )
        message = (
            f"{last} needs {' or '.join(needs)}, which no package of the environment brings along: "
            "ImportError when the line runs"
        )
        yield found(
            context.job,
            "package-needed",
            message,
            f"add it: pip: [..., {needs[0]}]",
            at=module.at(call),
            severity=None if sure else W,
            confidence=LIKELY if sure else POSSIBLE,
        )


_OF_LIBRARY = {"Trainer": "transformers.", "Seq2SeqTrainer": "transformers.", "tqdm": "tqdm.notebook."}
"""Names that other libraries have, too, with the beginning of the one that is meant."""
_DRIVERS = {
    "s3": ("s3fs",), "s3a": ("s3fs",), "gs": ("gcsfs",), "gcs": ("gcsfs",), "az": ("adlfs",), "abfs": ("adlfs",),
    "abfss": ("adlfs",), "adl": ("adlfs",), "hf": ("huggingface-hub",), "azureml": ("azureml-fsspec",),
}  # fmt: skip
"""What pandas and fsspec need to open an address of each kind (their documentation)."""


def _of_library(name: str, call: ast.Call) -> tuple[str, ...] | None:
    last = name.rpartition(".")[2]
    if not name.startswith(_OF_LIBRARY[last]):
        return None
    return ("ipywidgets",) if last == "tqdm" else _needs(last, call)


def _of_address(text: str | None, name: str) -> tuple[str, ...] | None:
    """What reading or writing a table at an address of a cloud needs."""
    scheme, mark, _ = (text or "").partition("://")
    if not mark or not name.rpartition(".")[2].startswith(_OF_PANDAS):
        return None
    return _DRIVERS.get(scheme)


def _needs(last: str, call: ast.Call) -> tuple[str, ...] | None:
    if last == "ImageDataGenerator":
        used = {keyword.arg for keyword in call.keywords if not _is_zero(keyword.value)}
        return ("scipy",) if used & _AUGMENTATIONS else None
    if last == "applymap":
        return None
    if last.startswith(_OF_PANDAS) and last in _NEEDS and argument(call, None, "engine") is not None:
        return None
    return _NEEDS.get(last)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
