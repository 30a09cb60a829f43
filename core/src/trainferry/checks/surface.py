"""What a command line may hold, by the declarations of click, typer, absl or fire, and what is wrong with a job's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY
from trainferry.specs.finding import Finding
from trainferry.specs.job import PLACEHOLDER, Job

_HELP = ("--help", "--install-completion", "--show-completion", "--version")
MANY = 1_000
"""As many arguments by place as one likes."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option."""

    names: tuple[str, ...]
    """With their hyphens."""
    values: int = 1
    """How many values follow it (count); 0 for a flag, -1 for one that a value may follow."""
    kind: str = ""
    """`int` or `float` where the value must be one; empty for any text."""
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass
class Surface:
    """All that the script's command line takes."""

    library: str
    options: list[Option] = field(default_factory=list)
    least: int = 0
    """Arguments by place that have to be there."""
    most: int = 0
    places: tuple[str, ...] = ()
    """Their names."""
    kinds: tuple[str, ...] = ()
    """The kind of each, as that of an option."""
    open: bool = False
    """Whether there may be options that are not seen; one that is nearly a known one is a mistake all the same."""
    joins: bool = False
    """Whether a place can be filled by an option of its name, too."""

    def find(self, name: str) -> Option | None:
        """The option of a name."""
        return next((option for option in self.options if name in option.names), None)

    @property
    def names(self) -> list[str]:
        """The names of all options."""
        return [name for option in self.options for name in option.names]


@dataclass
class _Reading:
    """One pass over the arguments."""

    given: set[str] = field(default_factory=set)
    by_place: list[tuple[int, str]] = field(default_factory=list)


def check(job: Job, surface: Surface) -> Iterator[Finding]:
    """Options that there are none of, missing ones, and values of the wrong kind."""
    arguments = [PLACEHOLDER.sub("/dataset", argument) for argument in job.arguments]
    reading = _Reading()
    place = 0
    while place < len(arguments):
        item = arguments[place]
        if item == "--":
            return  # what follows is by place, whatever it looks like
        if not item.startswith("-") or item == "-" or item[1:2].isdigit() or item[1:2] == ".":
            reading.by_place.append((place, item))
            place += 1
            continue
        option = surface.find(item.partition("=")[0])
        if option is None:
            if not item.startswith("--"):
                return  # short options can be run together
            finding = _unknown(job, surface, item, place)
            if finding is None:
                return  # nobody knows whether a value follows it
            yield finding
            place += 2 if "=" not in item and not "".join(arguments[place + 1 : place + 2]).startswith("--") else 1
            continue
        reading.given.update(option.names)
        yield from _values(job, surface, option, arguments, place)
        following = "".join(arguments[place + 1 : place + 2])
        values = option.values if option.values >= 0 else int(bool(following) and not following.startswith("-"))
        place += 1 + (0 if "=" in item else values)
    yield from _missing(job, surface, reading)


def _unknown(job: Job, surface: Surface, item: str, place: int) -> Finding | None:
    name = item.partition("=")[0]
    own = [one for one in surface.names if one not in _HELP]
    close = get_close_matches(name, own, n=1)
    if surface.open and not close:
        return None
    known = ", ".join(one for one in own if one.startswith("--"))
    remedy = f"did you mean {close[0]}?" if close else f"options of the script: {known or 'none'}"
    confidence = LIKELY if surface.open else None
    message = f"{job.script} has no option {name} ({surface.library})"
    return found(job, "argument-unknown", message, remedy, at=("arguments", place), confidence=confidence)


def _values(job: Job, surface: Surface, option: Option, arguments: list[str], place: int) -> Iterator[Finding]:
    name, equals, joined = arguments[place].partition("=")
    if option.values == 0 and equals and surface.library in ("click", "typer"):
        message = f"{job.script} would refuse {name}: it takes no value ({surface.library})"
        yield found(job, "argument-value", message, f"write {name} alone", at=("arguments", place))
        return
    values = [joined] if equals else arguments[place + 1 : place + 1 + max(option.values, 0)]
    if len(values) < option.values:
        message = f"{job.script} would refuse {name}: it wants a value ({surface.library})"
        yield found(job, "argument-value", message, "give the value as the next item", at=("arguments", place))
    for value in values:
        yield from _value(job, surface, name, value, option.kind, option.choices, place)


def _value(
    job: Job, surface: Surface, name: str, value: str, kind: str, choices: tuple[str, ...], place: int
) -> Iterator[Finding]:
    at = ("arguments", place)
    if choices and value not in choices:
        message = f"{job.script} would refuse {name}: '{value}' is not one of {', '.join(choices)} ({surface.library})"
        yield found(job, "argument-value", message, "write one of these", at=at)
    if kind and not _is(kind, value):
        message = f"{job.script} would refuse {name}: '{value}' is no {kind} ({surface.library})"
        whole = _is("float", value) and float(value).is_integer()
        remedy = f"write {int(float(value))}" if whole else "write a number"
        yield found(job, "argument-value", message, remedy, at=at)


def _is(kind: str, value: str) -> bool:
    try:
        int(value) if kind == "int" else float(value)
    except ValueError:
        return False
    return True


def _missing(job: Job, surface: Surface, reading: _Reading) -> Iterator[Finding]:
    for option in surface.options:
        if option.required and not reading.given & set(option.names):
            yield _lacks(job, surface, next((n for n in option.names if n.startswith("--")), option.names[0]))
    for number, (place, item) in enumerate(reading.by_place):
        if number < len(surface.kinds):
            yield from _value(job, surface, surface.places[number], item, surface.kinds[number], (), place)
    count = len(reading.by_place)
    if count > surface.most:
        place, item = reading.by_place[surface.most]
        message = f"{job.script} has no place for the argument {item} ({surface.library})"
        yield found(job, "argument-unknown", message, at=("arguments", place))
    lacking = [name for name in surface.places[count : surface.least] if f"--{name}" not in reading.given]
    for name in lacking:
        yield _lacks(job, surface, f"--{name}" if surface.joins else name)


def _lacks(job: Job, surface: Surface, name: str) -> Finding:
    message = f"{job.script} requires {name}, which the job doesn't give ({surface.library})"
    return found(job, "argument-missing", message, f"add it to arguments: {name}", at=("arguments",))
