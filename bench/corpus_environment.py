"""From the corpus' neutral form of an environment to that of a job file."""

import re
from difflib import get_close_matches

import yaml
from yaml import MappingNode, Node, SequenceNode

from corpus_nodes import Reader, listing, quoted, scalar, table

ENVIRONMENT = {
    "name": "name", "python": "python", "pip": "pip", "conda": "conda", "channels": "channels", "image": "image",
    "curated": "curated", "variables": "variables", "env": "variables",
}  # fmt: skip
ENVIRONMENT_ELSEWHERE = frozenset(
    {
        "conda_file",
        "build",
        "dockerfile",
        "version",
        "requirements",
        "env_vars",
        "registry",
        "index_url",
        "extra_index_url",
        "os",
        "description",
        "tags",
    }
)

_INDEX = ("--extra-index-url", "--index-url", "-i ", "--find-links", "-f ")


def map_environment(  # noqa: C901  (a branch for each key)
    value: Node, dropped: list[str], known: dict[str, Node], read: Reader
) -> Node:
    """An environment, with what it knows and a job file doesn't in `dropped`."""
    if not isinstance(value, MappingNode):
        return table({"curated": value})
    given = {key.value: item for key, item in value.value}
    pairs: list[tuple[Node, Node]] = []
    for key, item in value.value:
        name = key.value
        if name == "conda_file":
            pairs += _conda_file(str(item.value), read)
        elif name == "dockerfile":
            context = given.get("build")
            pairs.append(
                (key, quoted(f"{context.value.rstrip('/')}/{item.value}" if context is not None else str(item.value)))
            )
        elif name == "build" and "dockerfile" not in given:
            pairs.append((scalar("dockerfile"), quoted(f"{str(item.value).rstrip('/')}/Dockerfile")))
        elif name == "requirements":
            pairs += _requirements(str(item.value), read)
        elif name == "pip" and isinstance(item, SequenceNode):
            pairs.append((key, _packages(item, given)))
        elif name in ENVIRONMENT:
            pairs.append((scalar(ENVIRONMENT[name]), item))
        elif name not in ENVIRONMENT_ELSEWHERE and get_close_matches(
            name, [*ENVIRONMENT, *ENVIRONMENT_ELSEWHERE], cutoff=0.7
        ):
            pairs.append((key, item))
        elif name != "build":
            dropped.append(f"environment.{name}")
    variables = next((known[name] for name in ("env", "environment_variables") if name in known), given.get("env_vars"))
    if variables is not None:
        pairs.append((scalar("variables"), variables))
    return MappingNode("tag:yaml.org,2002:map", pairs)


def _packages(value: SequenceNode, given: dict[str, Node]) -> SequenceNode:
    """The list of packages without another index: whoever means the same takes the package that PyPI has for Linux."""
    options = [item for item in value.value if str(item.value).startswith(_INDEX)]
    if not options and not {"index_url", "extra_index_url"} & given.keys():
        return value
    kept = [item for item in value.value if item not in options]
    for item in kept:
        item.value = re.sub(r"\+(cu\d+|cpu)\b", "", str(item.value))
    return SequenceNode(value.tag, kept, flow_style=value.flow_style)


def _requirements(name: str, read: Reader) -> list[tuple[Node, Node]]:
    """The content of a requirements file, as the list of a job file."""
    try:
        lines = [line.partition("#")[0].strip() for line in read(name).splitlines()]
    except OSError:
        return [(scalar("requirements"), quoted(name))]
    return [(scalar("pip"), listing([quoted(line) for line in lines if line]))]


def _conda_file(name: str, read: Reader) -> list[tuple[Node, Node]]:
    """The content of a conda file, as the lists of a job file."""
    try:
        content = yaml.safe_load(read(name)) or {}
    except (OSError, yaml.YAMLError):
        return [(scalar("conda_file"), quoted(name))]
    if not isinstance(content, dict):
        return [(scalar("conda_file"), quoted(name))]
    conda: list[Node] = []
    pip: list[Node] = []
    python: list[tuple[Node, Node]] = []
    for item in content.get("dependencies") or ():
        if isinstance(item, dict):
            pip += [quoted(str(requirement)) for requirement in item.get("pip") or ()]
            continue
        package, _, version = str(item).partition("=")
        if package == "python" and version and "=" not in version.lstrip("="):
            python = [(scalar("python"), quoted(version.lstrip("=")))]
        else:
            conda.append(quoted(str(item)))
    channels = listing([quoted(str(channel)) for channel in content.get("channels") or ()])
    return [*python, (scalar("conda"), listing(conda)), (scalar("pip"), listing(pip)), (scalar("channels"), channels)]
