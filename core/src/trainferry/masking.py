"""Keeping secrets out of what is shown or stored: `***` takes their place where a name or a form gives them away."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

TYPE_CHECKING = False  # as in trainferry/__init__.py
if TYPE_CHECKING:
    from typing import Any

    from trainferry.specs.job import Job

MASK = "***"

_WORDS = "key|keys|token|tokens|secret|secrets|password|passwd|pwd|credential|credentials|sas|apikey|connectionstring"
_NAME = re.compile(rf"(?:^|[^a-z])(?:{_WORDS})(?:$|[^a-z])|connection[_-]?string|api[_-]?key", re.IGNORECASE)
_FORMS = (
    re.compile(r"(?<=[?&;]sig=)[^&\s\"']+", re.IGNORECASE),
    re.compile(r"(?<=AccountKey=)[^;\s\"']+", re.IGNORECASE),
    re.compile(r"(?<=SharedAccessSignature=)[^;\s\"']+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),
    re.compile(r"(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"\bhf_[A-Za-z0-9]{20,}|\bghp_[A-Za-z0-9]{30,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|\bAKIA[0-9A-Z]{16}\b"
    ),
)
"""Signatures of addresses, keys in connection strings, passwords in addresses, bearer tokens, well-known tokens."""


def is_secret_name(name: str) -> bool:
    """Whether a variable, tag, option or setting of this name is likely to hold a secret."""
    return bool(_NAME.search(name))


def mask_text(text: str) -> str:
    """The text with everything that has the form of a secret replaced."""
    for form in _FORMS:
        text = form.sub(MASK, text)
    return text


def mask(data: Any) -> Any:
    """Plain data without its secrets: values under a telling name, after a telling option, or of a telling form.

    A float is no secret, whatever it is called: metrics such as `tokens_per_second` are floats.
    """
    if isinstance(data, str):
        return mask_text(data)
    if isinstance(data, Mapping):
        return {
            key: MASK if is_secret_name(str(key)) and isinstance(value, (str, int)) and value != "" else mask(value)
            for key, value in data.items()
        }
    if isinstance(data, Sequence):
        return _mask_items(data)
    return data


def _mask_items(items: Sequence[Any]) -> list[Any]:
    """A list, which may be a command line: `--token abc` and `--token=abc` lose their values."""
    result: list[Any] = []
    expects_secret = False
    for item in items:
        option = isinstance(item, str) and item.startswith("-")
        name, equals, _ = item.partition("=") if option else ("", "", "")
        if expects_secret and not option and isinstance(item, str) and not item.startswith("${{"):
            result.append(MASK)
        elif equals and is_secret_name(name):
            result.append(f"{name}={MASK}")
        else:
            result.append(mask(item))
        expects_secret = option and not equals and is_secret_name(item)
    return result


def masked_job(job: Job) -> Job:
    """The job as it may be stored and shown: the run itself gets the job as it is."""
    from trainferry.specs.job import Job  # noqa: PLC0415  (masking text needs no pydantic)

    data = job.model_dump(mode="json", exclude_unset=True)
    masked = mask(data)
    return job if masked == data else Job.model_validate(masked).with_origin(job.origin)
