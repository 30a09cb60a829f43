"""Makes docs/reference/emulator.md from the routes and the faults of the Azure ML emulator."""

import re

from azureml_emulator.compute.sizes import LIMITS, SIZES
from azureml_emulator.faults.rules import DOMAIN, WIRE
from azureml_emulator.server.app import SERVICES
from azureml_emulator.server.wire import WORKSPACE

INTRODUCTION = """\
What the emulator of Azure ML answers, offers and breaks. [How to use it](../how-to/emulator.md) is another page.
`WORKSPACE` stands for the path of a workspace, from `/subscriptions/` to its name. The `api-version` of a request is
ignored: a path means the same in all of them."""


def emulator_page() -> str:
    """The page: faults, sizes, and every path by its service."""
    parts = ["# The Azure ML emulator", INTRODUCTION, "## Faults"]
    parts.append("Of requests, chosen by service, method and path:\n\n" + _kinds(WIRE))
    parts.append("Of what the services manage, chosen by its name:\n\n" + _kinds(DOMAIN))
    parts.append("## VM sizes\n\n" + _sizes())
    parts.append("## Paths")
    parts += [f"### {name}\n\n{_paths(routes)}" for name, routes in SERVICES.items()]
    return "\n\n".join(parts) + "\n"


def _kinds(kinds: dict[str, str]) -> str:
    return "| kind | what happens |\n|---|---|\n" + "\n".join(f"| `{kind}` | {what} |" for kind, what in kinds.items())


def _sizes() -> str:
    rows = []
    for size in SIZES.values():
        where = "everywhere" if "*" in size.regions else ", ".join(sorted(size.regions)) or "nowhere: retired"
        quota = LIMITS.get(size.family, 0)
        rows.append(
            f"| {size.name} | {size.cores} | {size.memory:g} | {size.gpus} | {quota} ({size.family}) | {where} |"
        )
    return "| size | cores | memory, GB | GPUs | quota in cores | offered |\n|---|---|---|---|---|---|\n" + "\n".join(
        rows
    )


def _paths(routes: list[tuple[str, str]]) -> str:
    rows = [f"{methods:<12} {path.replace(WORKSPACE, 'WORKSPACE')}" for methods, path in routes]
    shown = (re.sub(r"\{(\w+)(?::path)?\}", lambda found: found[1].upper(), row) for row in rows)
    return "```text\n" + "\n".join(shown) + "\n```"
