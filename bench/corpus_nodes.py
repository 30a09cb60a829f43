"""Makes the nodes of a YAML tree, and reads files beside it."""

from yaml import MappingNode, Node, ScalarNode, SequenceNode


class Reader:
    """Gives the text of a file of the job's folder; empty if there is none."""

    def __call__(self, name: str) -> str:
        """The text of a file."""
        raise FileNotFoundError(name)


def scalar(text: str) -> ScalarNode:
    """A bare scalar."""
    return ScalarNode("tag:yaml.org,2002:str", text)


def quoted(text: str) -> ScalarNode:
    """A scalar in quotes."""
    return ScalarNode("tag:yaml.org,2002:str", text, style='"')


def number(value: int) -> ScalarNode:
    """A whole number."""
    return ScalarNode("tag:yaml.org,2002:int", str(value))


def table(items: dict[str, Node]) -> MappingNode:
    """A table."""
    return MappingNode("tag:yaml.org,2002:map", [(scalar(key), value) for key, value in items.items()])


def listing(items: list[Node]) -> SequenceNode:
    """A list on one line."""
    return SequenceNode("tag:yaml.org,2002:seq", items, flow_style=True)
