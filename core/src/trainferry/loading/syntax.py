"""What YAML's own complaints mean, in words that say what to type."""

from typing import Any

from trainferry.errors import FerryError, Location

_SPECIAL = "@`%"
_TABS = ("a tab where YAML wants spaces", "use spaces to indent; most editors can convert tabs")


def syntax_error(error: Any, text: str, file: str) -> FerryError:
    """One of PyYAML's errors as a message with place and remedy."""
    mark = error.problem_mark if getattr(error, "problem_mark", None) else getattr(error, "context_mark", None)
    if mark is None:
        return FerryError(f"not YAML: {error}", where=Location(file))
    lines = text.splitlines()
    line = mark.line
    message, remedy = _explain(error, lines, line, mark.column)
    if "quoted scalar" in (error.context or "") and error.context_mark and "end of stream" in error.problem:
        mark = error.context_mark
    return FerryError(message, where=Location(file, mark.line + 1, mark.column + 1), remedy=remedy)


def _explain(error: Any, lines: list[str], number: int, column: int) -> tuple[str, str]:
    line = lines[number] if number < len(lines) else ""
    problem, context = error.problem or "", error.context or ""
    indent = line[: len(line) - len(line.lstrip())]
    if line[column : column + 1] == "\t" or "\t" in indent or "tab character" in problem:
        return _TABS
    if "${{" in line and ("flow" in context or "flow" in problem):
        return (
            "a ${{ ... }} inside [ ] or { } must be in quotes: YAML takes its braces for a table",
            'write it like "${{ datasets.NAME }}"',
        )
    if "quoted scalar" in context:
        return _quotes(problem)
    if "cannot start any token" in problem and line[column : column + 1] in tuple(_SPECIAL):
        return f"a value can't start with {line[column]}", "put the whole value in quotes"
    return _structure(problem, context, line, lines, number)


def _quotes(problem: str) -> tuple[str, str]:
    if "end of stream" in problem or "end" in problem:
        return "this quote is never closed", "add the closing quote"
    return (
        "a backslash that means nothing inside double quotes",
        "use single quotes, which keep backslashes as they are, or write \\\\",
    )


def _structure(problem: str, context: str, line: str, lines: list[str], number: int) -> tuple[str, str]:
    if "mapping values are not allowed" in problem or "could not find expected ':'" in problem:
        before = lines[number - 1].split("#")[0].strip() if number else ""
        if before and ":" in before and ": " not in before and not before.endswith(":"):
            return f"a ':' is not expected here; the line above, '{before}', lacks the space after its colon", (
                "write a space after the colon that ends a key"
            )
        if line.count(": ") > 1 or ": " in line.partition(": ")[2]:
            return "a second ': ' in one value", "put the value in quotes, or indent a table below its key"
        return "a ':' is not expected here", "check the indentation of this line and the one above"
    if "sequence entries are not allowed" in problem:
        return "a list can't start on the line of its key", "start the list on the next line, or write it in [ ]"
    if "flow sequence" in context or "flow mapping" in context:
        bracket = "]" if "sequence" in context else "}"
        return f"a list or table that is opened earlier is not closed before this, with '{bracket}'", (
            f"add the '{bracket}' or the comma that is missing"
        )
    if "block" in context:
        return "this line fits nothing before it", "check its indentation; keys of one table start in one column"
    return f"not YAML: {problem}", "compare with the example that 'ferry init' writes"
