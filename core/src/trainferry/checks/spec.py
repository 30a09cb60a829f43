"""Checks of what the job says, whatever lies on the disk."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import W
from trainferry.specs.finding import Finding
from trainferry.specs.job import PLACEHOLDER, Job

_TWO_IN_ONE = re.compile(r"(--?[A-Za-z][\w-]*) +(\S.*)", re.DOTALL)
_SHELL_WORDS = re.compile(r"\$\{?[A-Z][A-Z0-9_]+\}?|\$\([^)]*\)|^~/|%[A-Z]{3,}%")
_EXPANDS = frozenset({"expandvars", "expanduser", "Template"})
_PREFIX = "datasets."
_SHORT = 60
"""Seconds below which a timeout is most likely a number of minutes."""
_LONGEST = 32 * 4096 - 1
"""Bytes that Linux gives a process in one argument, or in NAME=VALUE: 32 pages with the closing NUL byte, execve(2)."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME = re.compile(
    r"(?i)(^|[_-])(password|passwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|"
    r"sas)($|[_-])|_KEY$"
)
_SECRET_VALUE = re.compile(
    r"AccountKey=[A-Za-z0-9+/]{40,}|[?&]sig=[A-Za-z0-9%+/]{20,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|"
    r"\bhf_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{32,}|\bglpat-[A-Za-z0-9_-]{20,}|\bAIza[0-9A-Za-z_-]{35}\b|"
    r"\bxox[abprs]-[0-9A-Za-z-]{20,}|SharedAccessKey=[A-Za-z0-9+/]{40,}|\bdapi[0-9a-f]{32}\b"
)


def check(context: Context) -> Iterator[Finding]:
    """Placeholders that name nothing, datasets that nothing uses, arguments run together, and a missing timeout."""
    job = context.job
    used: set[str] = set()
    for number, argument in enumerate(job.arguments):
        yield from _argument(job, number, argument, used)
        yield from _for_a_shell(context, number, argument)
    for name in job.datasets:
        if name not in used:
            yield found(
                job,
                "dataset-unused",
                f"no argument mentions the dataset '{name}'",
                f'pass it on: arguments: [..., "${{{{ datasets.{name} }}}}"], or take it out',
                at=("datasets", name),
            )
    yield from _too_long(job)
    yield from _misplaced(job)
    yield from _nodes(context)
    yield from _variables(job)
    yield from _secrets(job)
    yield from _local_arguments(context)
    if job.timeout is None:
        paid = job.compute.size is not None or (context.target is not None and context.target.paid)
        message = "the job has no timeout: a script that hangs runs on" + (", and is paid for," if paid else "")
        yield found(job, "no-timeout", message + " until somebody looks", severity=W if paid else None)
    elif job.timeout < _SHORT and context.target is not None and context.target.paid:
        message = f"the timeout is {job.timeout} seconds: importing a framework alone can take that long"
        yield found(
            job, "timeout-low", message, f"write timeout: {job.timeout}m, if minutes were meant", at=("timeout",)
        )


def _argument(job: Job, number: int, argument: str, used: set[str]) -> Iterator[Finding]:
    at = ("arguments", number)
    for match in PLACEHOLDER.finditer(argument):
        name = match[1].removeprefix(_PREFIX)
        if match[1].startswith(_PREFIX) and name in job.datasets:
            used.add(name)
        else:
            yield _unknown(job, match, at)
    if "${{" in PLACEHOLDER.sub("", argument):
        yield found(job, "placeholder-unclosed", f"the placeholder in '{argument}' is not closed", at=at)
    both = _TWO_IN_ONE.fullmatch(argument)
    if both:
        yield found(
            job,
            "argument-two-in-one",
            f"'{argument}' reaches the script as one argument, with the space in it",
            f'write two items: "{both[1]}", "{both[2]}"',
            at=at,
        )


def _for_a_shell(context: Context, number: int, argument: str) -> Iterator[Finding]:
    """Variables and commands that a shell would put something in place of, unless the script does so itself."""
    shell = _SHELL_WORDS.search(PLACEHOLDER.sub("", argument).replace("${{", ""))
    modules = context.program.modules if shell and context.program else ()
    if shell and not any(module.mentioned & _EXPANDS for module in modules):
        message = (
            f"'{argument}' reaches the script as it is: no shell is there to put something in place of '{shell[0]}'"
        )
        yield found(context.job, "argument-shell", message, at=("arguments", number))


def _unknown(job: Job, match: re.Match[str], at: tuple[str | int, ...]) -> Finding:
    name = match[1].rpartition(".")[2]
    guess = name if name in job.datasets else next(iter(get_close_matches(name, job.datasets, n=1)), None)
    if guess:
        remedy = f"did you mean ${{{{ datasets.{guess} }}}}?"
    elif job.datasets:
        remedy = f"datasets of this job: {', '.join(job.datasets)}"
    else:
        remedy = f"this job has no datasets; add datasets: {{{name or 'images'}: {{path: FOLDER}}}}"
    return found(job, "placeholder-unknown", f"{match[0]} names nothing that there is", remedy, at=at)


def _too_long(job: Job) -> Iterator[Finding]:
    """Texts that no process can be given, so that the script would not even start."""
    variables = job.environment.variables.items()
    texts: list[tuple[tuple[str | int, ...], str]] = [(("arguments", n), text) for n, text in enumerate(job.arguments)]
    texts += [(("environment", "variables", name), f"{name}={value}") for name, value in variables]
    for at, text in texts:
        size = len(text.encode(errors="surrogateescape"))
        if size > _LONGEST:
            what = f"argument {int(at[1]) + 1}" if at[0] == "arguments" else f"the variable {at[-1]}"
            message = f"{what} has {size:,} bytes, and Linux gives a process at most {_LONGEST:,} in one"
            yield found(job, "argument-too-long", message, at=at)


def _misplaced(job: Job) -> Iterator[Finding]:
    places: list[tuple[tuple[str, ...], str]] = [
        (("environment", "variables", key), text) for key, text in job.environment.variables.items()
    ]
    places += [(("tags", key), text) for key, text in job.tags.items()]
    for at, text in places:
        if PLACEHOLDER.search(text):
            yield found(
                job, "placeholder-misplaced", f"{'.'.join(at)} is passed on as it is: '{text}' is not replaced", at=at
            )


def _nodes(context: Context) -> Iterator[Finding]:
    job = context.job
    if job.compute.name is not None and job.nodes > job.compute.max_nodes:
        message = (
            f"the job takes {job.nodes} nodes, and the cluster grows to {job.compute.max_nodes}: it would wait for ever"
        )
        remedy = f"write compute: {{max_nodes: {job.nodes}}}, or fewer distribution.nodes"
        yield found(job, "nodes-too-many", message, remedy, at=("compute", "max_nodes"))


def _variables(job: Job) -> Iterator[Finding]:
    for name in job.environment.variables:
        if not _VARIABLE.fullmatch(name):
            message = f"'{name}' can't name an environment variable: letters, digits and _ only, no digit first"
            yield found(job, "variable-name", message, at=("environment", "variables", name))


def _secrets(job: Job) -> Iterator[Finding]:
    """Secrets in the job file, which is stored with the run."""
    places: list[tuple[tuple[str | int, ...], str, str]] = [
        (("environment", "variables", key), key, text) for key, text in job.environment.variables.items()
    ]
    places += [(("tags", key), key, text) for key, text in job.tags.items()]
    places += [
        (("arguments", number), job.arguments[number - 1].lstrip("-") if number else "", text)
        for number, text in enumerate(job.arguments)
    ]
    places += [(("datasets", name, "uri"), name, data.uri or "") for name, data in job.datasets.items()]
    for at, key, text in places:
        named = _SECRET_NAME.search(key) and len(text) >= 8 and " " not in text and "${{" not in text  # noqa: PLR2004
        if _SECRET_VALUE.search(text) or (named and at[0] != "datasets" and not text.startswith(("/", "azureml:"))):
            shown = ".".join(str(part) for part in at)
            message = (
                f"{shown} holds what looks like a secret; the job is stored with the run, for all who may see that"
            )
            yield found(job, "secret-in-job", message, at=at)


def _local_arguments(context: Context) -> Iterator[Finding]:
    """Arguments that are a path of this machine."""
    from trainferry.checks.code.local_paths import kind_of  # noqa: PLC0415  (only a path needs it)

    job = context.job
    for number, argument in enumerate(job.arguments):
        text = argument.partition("=")[2] if argument.startswith("--") else argument
        if not ("/" in text or "\\" in text) or "${{" in text or "://" in text:
            continue
        kind = kind_of(text)
        if kind:
            message = f"the argument '{text}' is {kind}, which isn't there when the job runs elsewhere"
            yield found(job, "argument-path", message, at=("arguments", number))
        elif dataset := _dataset_at(job, text):
            message = (
                f"the argument '{text}' is the place of the dataset '{dataset}' on this machine; it has another there"
            )
            remedy = f"write ${{{{ datasets.{dataset} }}}}"
            yield found(job, "argument-path", message, remedy, at=("arguments", number))


def _dataset_at(job: Job, text: str) -> str | None:
    """The dataset that a relative path leads to, from the job file."""
    import os  # noqa: PLC0415

    place = os.path.realpath(job.folder / text)
    for name in job.datasets:
        own = job.dataset_path(name)
        if own is not None and own.exists() and (place + os.sep).startswith(os.path.realpath(own) + os.sep):
            return name
    return None
