"""From the corpus' neutral form of a job to a Trainferry job file, as somebody would write it who means the same.

The mapping works on the YAML tree, so that what is wrong with a file stays wrong: a key that stands twice, an unknown
one, a number such as 3.0. What the neutral form knows and a job file doesn't is said in `Mapped`.
"""

import re
import shlex
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from corpus_environment import map_environment
from corpus_nodes import Reader, listing, number, quoted, scalar, table

TOP = {
    "name": "name", "experiment": "experiment", "experiment_name": "experiment", "description": "description",
    "source_dir": "source", "code": "source", "script": "script", "args": "arguments", "inputs": "datasets",
    "environment": "environment", "compute": "compute", "timeout": "timeout", "tags": "tags", "metrics": "metrics",
    "distribution": "distribution", "command": "script", "display_name": "description",
}  # fmt: skip
ELSEWHERE = frozenset(
    {"backend", "params", "outputs_mode", "outputs", "workspace", "limits", "env", "environment_variables", "identity"}
    | {"services", "resources", "nodes"}
)
"""Known keys of the neutral form that have no key of their own in a job file."""
COMPUTE = {
    "name": "name", "vm_size": "size", "size": "size", "region": "region", "location": "region",
    "max_nodes": "max_nodes",
    "min_nodes": "min_nodes", "idle_seconds": "idle_seconds", "priority": "priority", "tier": "priority",
}  # fmt: skip
COMPUTE_ELSEWHERE = frozenset(
    {
        "nodes",
        "network",
        "type",
        "idle_minutes",
        "idle_time_before_scale_down",
        "ssh",
        "vnet",
        "subnet",
        "gpus",
        "processes_per_node",
        "instance_count",
        "quota",
        "shm_size",
        "memory",
        "disk",
    }
)
MODES = {
    "ro_mount": "mount", "mount": "mount", "readonly_mount": "mount", "download": "download", "rw_mount": "download",
    "direct": "mount", "upload": "upload", "eval_mount": "mount",
}  # fmt: skip


@dataclass
class Mapped:
    """A job file, and what goes with it."""

    text: str
    source: str = "."
    command: str | None = None
    """A command line that a launcher has to run; a job file names a Python file."""
    backend: str = ""
    region: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    """Path of each input, as the neutral form has it."""
    network: bool = True
    workspace: str | None = None
    dropped: list[str] = field(default_factory=list)
    """Keys that mean nothing to Trainferry."""


def map_job(text: str, read: Reader) -> Mapped:
    """The job file for a neutral one; what is no YAML, or no table, is left as it is. `read` reads a file beside it."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return Mapped(text)
    if not isinstance(root, MappingNode):
        return Mapped(text)
    mapped = Mapped("")
    pairs: list[tuple[Node, Node]] = []
    known = {key.value: value for key, value in root.value}
    _drop_unknown_params(known, read)
    for key, value in root.value:
        _top(key, value, pairs, mapped, known, read)
    pairs += _spread(known)
    pairs += _limits(known)
    if not mapped.network:
        pairs.append((scalar("rehearse"), table({"network": ScalarNode("tag:yaml.org,2002:bool", "false")})))
    if "environment" not in known:
        pairs.append((scalar("environment"), table({"python": quoted("3.10")})))
    mapped.text = str(yaml.serialize(MappingNode("tag:yaml.org,2002:map", pairs), allow_unicode=True, width=10_000))
    return mapped


def _top(  # noqa: C901, PLR0912  (a branch for each key)
    key: Node, value: Node, pairs: list[tuple[Node, Node]], mapped: Mapped, known: dict[str, Node], read: Reader
) -> None:
    name = key.value
    match name:
        case "backend":
            mapped.backend = str(value.value)
        case "nodes" | "params" | "limits" | "env" | "environment_variables":
            return
        case "workspace":
            mapped.workspace = _workspace(value)
        case "command":
            _command(value, pairs, mapped, known)
        case "args":
            pairs.append((scalar("arguments"), _arguments(value, known)))
        case "inputs":
            pairs.append((scalar("datasets"), _datasets(value, mapped)))
        case "compute":
            pairs.append((key, _compute(value, mapped)))
        case "environment":
            pairs.append((key, map_environment(value, mapped.dropped, known, read)))
        case "distribution":
            pairs.append((key, _distribution(value, known)))
        case _ if name in TOP:
            if name in ("source_dir", "code"):
                mapped.source = str(value.value)
            pairs.append((scalar(TOP[name]), value))
        case _ if name not in ELSEWHERE and get_close_matches(name, [*TOP, *ELSEWHERE], n=1, cutoff=0.7):
            pairs.append((key, value))
        case _:
            mapped.dropped.append(name)
    if "args" not in known and name in ("script", "command") and "params" in known:
        pairs.append((scalar("arguments"), _arguments(table({}), known)))


def _workspace(value: Node) -> str | None:
    if isinstance(value, MappingNode):
        return next((item.value for key, item in value.value if key.value in ("config", "config_file", "path")), None)
    return str(value.value)


def _command(value: Node, pairs: list[tuple[Node, Node]], mapped: Mapped, known: dict[str, Node]) -> None:
    """A plain `python FILE ARGUMENTS` is a script with arguments; anything else needs a launcher."""
    text = str(value.value)
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if (
        len(words) > 1
        and words[0] in ("python", "python3")
        and words[1].endswith(".py")
        and not set(text) & set(";|&><$`")
    ):
        pairs.append((scalar("script"), quoted(words[1])))
        if "args" not in known:
            pairs.append((scalar("arguments"), listing([_text(word) for word in words[2:]])))
    else:
        command = _placeholders(text)
        names = list(dict.fromkeys(re.findall(r"\$\{\{ datasets\.([\w-]+) \}\}", command)))
        for number, name in enumerate(names, 1):
            command = command.replace(f"${{{{ datasets.{name} }}}}", f'"${number}"')
        mapped.command = command
        pairs.append((scalar("script"), scalar("launch_command.py")))
        if "args" not in known:
            pairs.append((scalar("arguments"), listing([quoted(f"${{{{ datasets.{name} }}}}") for name in names])))


def _drop_unknown_params(known: dict[str, Node], read: Reader) -> None:
    """Leave out parameters that the script's own parser doesn't know: the neutral form has them for the reader."""
    params, script, source = known.get("params"), known.get("script"), known.get("source_dir")
    try:
        text = read(f"{source.value if source else '.'}/{script.value if script else ''}")
    except (OSError, UnicodeDecodeError):
        return
    if isinstance(params, MappingNode) and "add_argument" in text:
        params.value = [(key, item) for key, item in params.value if str(key.value) in text.replace("-", "_")]


def _placeholders(text: str) -> str:
    text = re.sub(r"\$?\{\{?\s*outputs\.([\w-]+)\s*\}?\}", "outputs", text)
    return re.sub(r"\$?\{\{?\s*inputs\.([\w-]+)\s*\}?\}", r"${{ datasets.\1 }}", text)


def _text(text: str) -> ScalarNode:
    return quoted(_placeholders(text))


def _arguments(value: Node, known: dict[str, Node]) -> SequenceNode:
    items: list[Node] = []
    if isinstance(value, MappingNode):
        for key, item in value.value:
            items += [quoted(f"--{key.value}"), _argument(item)]
    elif isinstance(value, SequenceNode):
        items += [_argument(item) for item in value.value]
    elif value.value:
        items += [_text(word) for word in shlex.split(str(value.value))]
    params = known.get("params")
    for key, item in params.value if isinstance(params, MappingNode) else ():
        items += [quoted(f"--{key.value}"), _argument(item)]
    return listing(items)


def _argument(item: Node) -> Node:
    if not isinstance(item, ScalarNode):
        return item
    if item.tag.endswith("null"):
        return quoted("None")
    return _text(item.value) if item.style or item.tag.endswith("str") else item


def _datasets(value: Node, mapped: Mapped) -> Node:
    if not isinstance(value, MappingNode):
        return value
    pairs: list[tuple[Node, Node]] = []
    for key, item in value.value:
        pairs_of = item.value if isinstance(item, MappingNode) else []
        paths = [str(value.value) for name, value in pairs_of if name.value == "path"]
        mapped.inputs[key.value] = paths[0] if paths else str(item.value) if isinstance(item, ScalarNode) else ""
        pairs.append((key, _dataset(item)))
    return MappingNode("tag:yaml.org,2002:map", pairs)


def _dataset(item: Node) -> Node:
    if not isinstance(item, MappingNode):
        item = table({"path": item})
    pairs: list[tuple[Node, Node]] = []
    for key, value in item.value:
        if key.value in ("path", "uri", "folder"):
            pairs += _where(str(value.value))
        elif key.value == "mode":
            pairs.append((key, scalar(MODES.get(str(value.value), str(value.value)))))
        elif key.value in ("name", "version", "description") or _is_typo(key.value):
            pairs.append((key, value))
    return MappingNode("tag:yaml.org,2002:map", pairs)


def _is_typo(key: str) -> bool:
    """Whether a key of an input was most likely meant to be a known one."""
    known = ("type", "datastore", "format")
    return key not in known and bool(get_close_matches(key, ["path", "mode", "name"], cutoff=0.7))


def _where(text: str) -> list[tuple[Node, Node]]:
    if "://" in text:
        return [(scalar("uri"), quoted(text))]
    if text.startswith("azureml:"):
        name, _, version = text.removeprefix("azureml:").replace("@", ":").partition(":")
        found: list[tuple[Node, Node]] = [(scalar("name"), quoted(name))]
        return found + ([(scalar("version"), quoted(version))] if version and version != "latest" else [])
    return [(scalar("path"), quoted(text))]


def _compute(value: Node, mapped: Mapped) -> Node:
    if not isinstance(value, MappingNode):
        return table({"name": value})
    pairs: list[tuple[Node, Node]] = []
    for key, item in value.value:
        name = key.value
        if name == "network":
            mapped.network = str(item.value) not in ("no-egress", "none", "private", "isolated", "no_egress")
        elif name in ("idle_minutes", "idle_time_before_scale_down") and str(item.value).isdigit():
            seconds = int(item.value) * (60 if name == "idle_minutes" else 1)
            pairs.append((scalar("idle_seconds"), number(seconds)))
        elif name in COMPUTE:
            mapped.region = str(item.value) if COMPUTE[name] == "region" else mapped.region
            pairs.append((scalar(COMPUTE[name]), _priority(item) if COMPUTE[name] == "priority" else item))
        elif name not in COMPUTE_ELSEWHERE and get_close_matches(name, [*COMPUTE, *COMPUTE_ELSEWHERE], cutoff=0.7):
            pairs.append((key, item))
        elif name != "nodes":
            mapped.dropped.append(f"compute.{name}")
    return MappingNode("tag:yaml.org,2002:map", pairs)


def _priority(item: Node) -> Node:
    return scalar("low") if str(item.value).lower().replace("_", "") in ("low", "lowpriority", "spot") else item


def _spread(known: dict[str, Node]) -> list[tuple[Node, Node]]:
    """Several nodes are asked for under `distribution`, which says how they share the work."""
    compute = known.get("compute")
    nodes = next(
        (
            item.value
            for key, item in (compute.value if isinstance(compute, MappingNode) else ())
            if key.value in ("nodes", "instance_count")
        ),
        "1",
    )
    if "distribution" in known or not str(nodes).isdigit() or int(nodes) < 2:  # noqa: PLR2004
        return []
    return [(scalar("distribution"), table({"kind": scalar(_kind(known)), "nodes": number(int(nodes))}))]


def _kind(known: dict[str, Node]) -> str:
    environment = known.get("environment")
    text = yaml.serialize(environment) if environment is not None else ""
    return "pytorch" if "torch" in str(text) else "tensorflow"


def _distribution(value: Node, known: dict[str, Node]) -> Node:
    names = dict.fromkeys(("nodes", "instance_count", "node_count", "worker_count"), "nodes")
    names |= dict.fromkeys(("type", "kind"), "kind")
    processes = ("process_count_per_instance", "process_count_per_node", "processes_per_node")
    names |= dict.fromkeys(processes, "processes_per_node")
    if not isinstance(value, MappingNode):
        value = table({"kind": value})
    pairs = [(scalar(names.get(key.value, key.value)), item) for key, item in value.value]
    for place, (key, item) in enumerate(pairs):
        if key.value == "kind":
            pairs[place] = (key, scalar(str(item.value).lower().replace("horovod", "mpi")))
    if all(key.value != "nodes" for key, _ in pairs):
        pairs += [
            pair
            for _, spread in _spread({k: v for k, v in known.items() if k != "distribution"})
            for pair in getattr(spread, "value", [])
            if pair[0].value == "nodes"
        ]
    return MappingNode("tag:yaml.org,2002:map", pairs)


def _limits(known: dict[str, Node]) -> list[tuple[Node, Node]]:
    limits = known.get("limits")
    pairs = limits.value if isinstance(limits, MappingNode) else []
    return [(scalar("timeout"), item) for key, item in pairs if key.value == "timeout" and "timeout" not in known]
