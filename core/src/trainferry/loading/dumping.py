"""How YAML is written: text that any reader of YAML might take for something else is put in quotes."""

import re
from typing import Any

import yaml

_DOUBTFUL = re.compile(r"[-+.]?[0-9].*|~|=|<<|(?i:null|true|false|yes|no|on|off|y|n|\.inf|\.nan)|.*\$\{\{.*", re.DOTALL)


class JobDumper(yaml.SafeDumper):
    """PyYAML's safe dumper with careful quoting, without anchors, and with lists set in below their key."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's signature)
        """No anchors: a value that occurs twice is written twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Indent a list below its key, as people do."""
        super().increase_indent(flow, False)  # noqa: FBT003  (PyYAML's signature)


def _text(dumper: JobDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _DOUBTFUL.fullmatch(text) or not text.isprintable() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


JobDumper.add_representer(str, _text)
