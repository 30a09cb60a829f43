"""Making a script short without touching it: its own options for epochs and steps, and what the job asks for.

Keras' `fit` is capped from inside the process, by the witness. Other training loops are shortened by their options:
those of the script's argparse that are named as such options usually are. All else the user says in `rehearse`.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainferry.checks.parsers import Parser, read_parser
from trainferry.specs.job import Job

EPOCHS = frozenset(
    {"epochs", "epoch", "num-epochs", "n-epochs", "nb-epochs", "nb-epoch", "max-epochs", "max-epoch", "train-epochs"}
    | {"num-train-epochs", "total-epochs", "training-epochs", "number-of-epochs"}
)
STEPS = frozenset(
    {"steps", "max-steps", "num-steps", "n-steps", "train-steps", "training-steps", "num-train-steps", "iterations"}
    | {"iters", "max-iter", "max-iters", "num-iterations", "n-iter", "max-iterations", "steps-per-epoch"}
)
BATCH = frozenset({"batch-size", "batch", "batchsize", "bs", "train-batch-size", "per-device-train-batch-size"})

_STEPS_OF_A_LOOP = 20
"""Steps of a training loop that isn't Keras'."""

_USUAL_BATCH = 32


@dataclass
class Short:
    """The arguments of a rehearsal, and by what factor an option was made smaller."""

    arguments: list[str]
    factors: dict[int, float] = field(default_factory=dict)
    """Value that the script gets -> how many times more the job asks for."""
    changed: list[str] = field(default_factory=list)
    """`--epochs 2 instead of 10`, for each option."""


def shorten(job: Job) -> Short:
    """The job's arguments with fewer epochs and steps, and with those that `rehearse.arguments` names."""
    short = Short(list(job.arguments))
    parser = parser_of(job)
    mine = _names(job.rehearse.arguments)
    for names, most in ((EPOCHS, job.rehearse.epochs), (STEPS, max(_STEPS_OF_A_LOOP, job.rehearse.steps))):
        for option in _options(parser, job.arguments):
            if _plain(option) in names and option not in mine:
                _lower(short, parser, option, most)
    _override(short, job.rehearse.arguments)
    return short


def parser_of(job: Job) -> Parser | None:
    """The script's argparse parser, where it can be read off the script."""
    try:
        return read_parser(ast.parse((job.source_folder / job.script).read_bytes()))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def batch_of(job: Job) -> int:
    """How many samples the script takes in a step, as its options and its text say; 32 if they say nothing."""
    found = [_value(job.arguments, name) for name in _options(None, job.arguments) if _plain(name) in BATCH]
    found += [_value(job.rehearse.arguments, name) for name in _names(job.rehearse.arguments) if _plain(name) in BATCH]
    numbers = [int(value) for value in found if value and value.isdecimal()]
    if not numbers:
        numbers = _batches_in(job.source_folder / job.script)
    return max(1, min(max(numbers, default=_USUAL_BATCH), 512))


def _batches_in(script: Path) -> list[int]:
    try:
        text = script.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    pattern = r"(?i)\b(?:batch[-_]?size|bs)\b[\"']?(?:\s*:\s*int)?\s*(?:=|:|,.{0,60}?default\s*=)\s*(\d{1,4})\b"
    return [int(number) for number in re.findall(pattern, text)]


def _plain(option: str) -> str:
    return option.lstrip("-").lower().replace("_", "-")


def _names(arguments: Sequence[str]) -> list[str]:
    return [item.partition("=")[0] for item in arguments if item.startswith("--")]


def _options(parser: Parser | None, arguments: Sequence[str]) -> list[str]:
    """Options that could be given: those of the parser, or where it can't be read those that the job gives."""
    if parser is None:
        return list(dict.fromkeys(_names(arguments)))
    return [action.option_strings[-1] for action in parser._actions if action.option_strings]  # noqa: SLF001


def _lower(short: Short, parser: Parser | None, option: str, most: int) -> None:
    """Give an option at most `most`; an option that isn't given is added, since its default may be large."""
    value = _value(short.arguments, option)
    if value is None:
        if parser is not None and _takes_number(parser, option):
            short.arguments += [option, str(most)]
            short.changed.append(f"{option} {most}")
    elif value.isdecimal() and int(value) > most:
        _set(short.arguments, option, str(most))
        short.factors[most] = int(value) / most
        short.changed.append(f"{option} {most} instead of {value}")


def _takes_number(parser: Parser, option: str) -> bool:
    actions = [action for action in parser._actions if option in action.option_strings]  # noqa: SLF001
    return all(action.nargs is None and action.const is None and action.type is int for action in actions)


def _value(arguments: Sequence[str], option: str) -> str | None:
    for number, item in enumerate(arguments):
        if item == option:
            return arguments[number + 1] if number + 1 < len(arguments) else None
        if item.startswith(f"{option}="):
            return item.partition("=")[2]
    return None


def _set(arguments: list[str], option: str, value: str) -> None:
    for number, item in enumerate(arguments):
        if item == option and number + 1 < len(arguments):
            arguments[number + 1] = value
        elif item.startswith(f"{option}="):
            arguments[number] = f"{option}={value}"


def _override(short: Short, own: Sequence[str]) -> None:
    """Lay the user's options over the rest: what the job gives under the same name goes, with its values."""
    for name in _names(own):
        while (place := _place(short.arguments, name)) is not None:
            end = place + 1
            if "=" not in short.arguments[place]:
                while end < len(short.arguments) and not short.arguments[end].startswith("--"):
                    end += 1
            del short.arguments[place:end]
    short.arguments += own


def _place(arguments: Sequence[str], option: str) -> int | None:
    return next((n for n, item in enumerate(arguments) if item == option or item.startswith(f"{option}=")), None)
