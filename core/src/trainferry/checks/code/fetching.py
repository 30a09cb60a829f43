"""What a script fetches from the internet while it runs: weights, datasets, words, files."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.values import UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import POSSIBLE, N, W
from trainferry.specs.finding import Finding

_FETCHES = (
    "urlretrieve",
    "urlopen",
    "get_file",
    "snapshot_download",
    "hf_hub_download",
    "from_pretrained",
    "load_dataset",
    "dataset_download",
    "gdown.download",
    "wget.download",
    "load_state_dict_from_url",
    "download_and_prepare",
    "KerasLayer",
)
_LOADS = (".load", ".get", ".post", ".open", ".read_csv", ".read_json", ".read_parquet", ".Request", ".from_url")
_DATA = re.compile(
    r"keras\.datasets\.(\w+)\.load_data|sklearn\.datasets\.fetch_\w+|tensorflow_datasets\.load|"
    r"torchvision\.datasets\.\w+|requests\.get|torch\.hub\.load|nltk\.download|spacy\.cli\.download|whisper\.load_model|"
    r"sentence_transformers\.SentenceTransformer$|transformers\.pipeline$"
)


def check(context: Context) -> Iterator[Finding]:
    """Each call that fetches something."""
    for module in context.program.modules if context.program else ():
        for call, name in module.calls:
            yield from _fetch(context, module, call, name)


def _fetch(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    what = _fetched(context, module, call, name)
    if not what:
        return
    closed = context.has_no_network
    yield found(
        context.job,
        "fetches",
        f"{what} is fetched from the internet while the job runs" + (", and the node has no way out" if closed else ""),
        "fetch it once, and give it to the job as a dataset",
        at=module.at(call),
        severity=W if closed else N,
        confidence=None if closed else POSSIBLE,
    )


def _fetched(context: Context, module: Module, call: ast.Call, name: str) -> str:
    """What a call fetches; empty if nothing."""
    values = context.values(module)
    last = name.rpartition(".")[2]
    text = values.text(argument(call, 0, *_NAMED))
    if "applications" in name or last in _APPLICATIONS:
        weights = argument(call, 1, "weights")
        value = values.constant(weights) if weights is not None else "imagenet"
        return f"the weights '{value}' of {last}" if value == "imagenet" and last[:1].isupper() else ""
    if name.startswith("torchvision.models.") and _is_pretrained(argument(call, None, "weights")):
        return f"the pretrained weights of {last}"
    if _is_true(call, "pretrained"):
        return f"the pretrained weights of {text or last}".replace(UNKNOWN, "...")
    if name.endswith(_FETCHES):
        local = text is not None and (text.startswith(("/", "./", "outputs")) or text in context.folders)
        return "" if local else f"'{(text or name).replace(UNKNOWN, '...')}'"
    if text and text.startswith(("http://", "https://", "gs://", "s3://")) and name.endswith(_LOADS):
        return f"'{text.replace(UNKNOWN, '...')}'"
    if name.startswith("torchvision.datasets.") and not _is_true(call, "download"):
        return ""
    if not _DATA.search(name):
        return ""
    own = f"'{text}', by " if text and not text.startswith(("/", ".")) else ""
    return own.replace(UNKNOWN, "...") + name.removeprefix("tensorflow.")


def _is_pretrained(weights: ast.expr | None) -> bool:
    return weights is not None and not (isinstance(weights, ast.Constant) and weights.value in (None, False))


def _is_true(call: ast.Call, keyword: str) -> bool:
    given = argument(call, None, keyword)
    return isinstance(given, ast.Constant) and given.value is True


_NAMED = (
    "url",
    "pretrained_model_name_or_path",
    "repo_id",
    "path",
    "handle",
    "fname",
    "name",
    "repo_or_dir",
    "info_or_id",
)
"""Keywords under which these calls take what they fetch."""
_APPLICATIONS = frozenset(
    {"MobileNet", "MobileNetV2", "ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "VGG16", "VGG19", "InceptionV3"}
    | {"Xception", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2", "NASNetMobile"}
    | {"MobileNetV3Small", "MobileNetV3Large", "ConvNeXtTiny"}
)
"""Models of keras.applications that are often imported by their own name."""
