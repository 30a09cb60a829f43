"""What the script's own parser would say to the job's arguments."""

import argparse
import re
from collections.abc import Iterator
from difflib import get_close_matches

from trainferry.checks.parsers import Parser, Refused
from trainferry.checks.rules import found
from trainferry.specs.finding import Finding
from trainferry.specs.job import PLACEHOLDER, Job

_FALSE_WORDS = frozenset({"false", "0", "no", "off", "none", "n", "f"})
_NAMED = re.compile(r"argument (?P<names>[^:]+): (?P<what>.+)", re.DOTALL)
_VALUE = re.compile(r"invalid (?:int|float|complex) value: '(?P<value>.*)'", re.DOTALL)


def check(job: Job, parser: Parser) -> Iterator[Finding]:
    """Unknown options, missing arguments, values of the wrong type or choice, and words for false given to a bool."""
    arguments = [PLACEHOLDER.sub("/dataset", argument) for argument in job.arguments]
    try:
        _, unknown = parser.parse_known_args(arguments)
    except Refused as refusal:
        yield from _refused(job, parser, arguments, str(refusal))
    else:
        yield from _unknown(job, parser, arguments, unknown)
    yield from _false_words(job, parser, arguments)


def _options(parser: Parser) -> list[str]:
    return [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001  (no public way)


def _unknown(job: Job, parser: Parser, arguments: list[str], unknown: list[str]) -> Iterator[Finding]:
    names = [item for item in unknown if item.startswith("-")] or unknown
    for item in names:
        name = item.partition("=")[0]
        close = get_close_matches(name, _options(parser), n=1)
        known = ", ".join(option for option in _options(parser) if option.startswith("--") and option != "--help")
        remedy = f"did you mean {close[0]}?" if close else f"options of the script: {known or 'none'}"
        kind = "option" if item.startswith("-") else "place for the argument"
        flag = arguments[arguments.index(item) - 1] if item in arguments[1:] else ""
        if not item.startswith("-") and _is_flag(parser, flag):
            remedy = f"{flag} takes no value: leave {item} out, or {flag} with it"
        yield found(job, "argument-unknown", f"{job.script} has no {kind} {name}", remedy, at=_place(arguments, item))


def _is_flag(parser: Parser, name: str) -> bool:
    """Whether an option takes no value."""
    return any(name in action.option_strings and action.nargs == 0 for action in parser._actions)  # noqa: SLF001


def _refused(job: Job, parser: Parser, arguments: list[str], text: str) -> Iterator[Finding]:
    missing = re.fullmatch(r"the following arguments are required: (.+)", text) or re.fullmatch(
        r"one of the arguments (.+) is required", text
    )
    if missing:
        yield from _missing(job, parser, arguments, missing[1])
        return
    named = _NAMED.fullmatch(text)
    if not named:
        yield found(job, "argument-value", f"{job.script} would refuse its arguments: {text}", at=("arguments",))
        return
    name = named["names"].split("/")[0].partition(" ")[0]
    used = next((item for item in arguments if _means(parser, item, named["names"].split("/"))), name)
    message = f"{job.script} would refuse {used.partition('=')[0]}: {named['what']}"
    yield found(job, "argument-value", message, _remedy(named["what"]), at=_place(arguments, used))


def _missing(job: Job, parser: Parser, arguments: list[str], missing: str) -> Iterator[Finding]:
    """An option that is missing is often there under a mistyped name; then that is the finding."""
    strangers = [
        item
        for item in arguments
        if item.startswith("--") and not any(_means(parser, item, [option]) for option in _options(parser))
    ]
    mistyped = {item: get_close_matches(item, missing.split(", "), n=1) for item in strangers}
    for item, close in mistyped.items():
        if close:
            message = f"{job.script} has no option {item}"
            yield found(job, "argument-unknown", message, f"did you mean {close[0]}?", at=_place(arguments, item))
    corrected = {close[0] for close in mistyped.values() if close}
    for name in missing.split(" " if " | " in missing else ", "):
        if name not in corrected and name != "|":
            yield found(
                job,
                "argument-missing",
                f"{job.script} requires {name}, which the job doesn't give",
                f"add to arguments: {name}" + (", and its value" if name.startswith("-") else ""),
                at=("arguments",),
            )


def _means(parser: Parser, item: str, names: list[str]) -> bool:
    """Whether an argument is one of the options `names`, in full or, where the parser allows it, abbreviated."""
    name = item.partition("=")[0]
    if name in names:
        return True
    return parser.allow_abbrev and len(name) > 2 and any(option.startswith(name) for option in names)  # noqa: PLR2004


def _place(arguments: list[str], item: str) -> tuple[str | int, ...]:
    return ("arguments", arguments.index(item)) if item in arguments else ("arguments",)


def _remedy(what: str) -> str:
    value = _VALUE.fullmatch(what)
    if value:
        try:
            number = float(value["value"])
        except ValueError:
            several = re.search(r"[\d.]+[\s,;\]]+[\[\d.]", value["value"])
            return "write each number as an item of its own: [..., 64, 32]" if several else "write a number"
        return f"write {int(number)}" if number.is_integer() else "write a whole number"
    if "expected" in what:
        return "give the value as the next item; one that starts with - is joined to the option: --name=-1e-3"
    return ""


def _false_words(job: Job, parser: Parser, arguments: list[str]) -> Iterator[Finding]:
    for action in parser._actions:  # noqa: SLF001
        if action.type is not bool or isinstance(action, argparse.BooleanOptionalAction):
            continue
        for number, item in enumerate(arguments):
            if not _means(parser, item, list(action.option_strings)):
                continue
            value = item.partition("=")[2] if "=" in item else "".join(arguments[number + 1 : number + 2])
            if value.lower() in _FALSE_WORDS:
                name = action.option_strings[0]
                message = f"{name} has type=bool, for which '{value}' is True, as any text but the empty one"
                remedy = f'write {name}, "" for false, or use action=argparse.BooleanOptionalAction in the script'
                yield found(job, "argument-bool", message, remedy, at=("arguments", number))
