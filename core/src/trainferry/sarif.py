"""A verdict as SARIF 2.1.0 (OASIS), the form in which editors and code hosts take findings."""

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trainferry import __version__
from trainferry.specs.finding import Finding
from trainferry.specs.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainferry.checks.rules import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RANKS = {"certain": 90.0, "likely": 60.0, "possible": 30.0}
"""SARIF's rank, 0 to 100, for how sure a finding is."""


def sarif_log(verdict: Verdict, root: Path | None = None) -> dict[str, Any]:
    """The log: one run of one tool, with a rule for each kind of finding. Files are relative to `root` (default: here).

    Silenced findings are there with a suppression, as SARIF has it, so that a reader can show them or not.
    """
    from trainferry.explaining import every_rule  # noqa: PLC0415  (loads every backend)

    known = every_rule()
    root = (root or Path.cwd()).resolve()
    every = [*verdict.findings, *verdict.silenced]
    ids = sorted({finding.id for finding in every})
    driver = {
        "name": "trainferry",
        "semanticVersion": __version__,
        "rules": [_rule(rule, [finding for finding in every if finding.id == rule], known) for rule in ids],
    }
    results = [_result(finding, ids, root) for finding in verdict.findings]
    results += [_result(finding, ids, root) | {"suppressions": [{"kind": "inSource"}]} for finding in verdict.silenced]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": root.as_uri().rstrip("/") + "/"}},
        "results": results,
        "properties": {
            "backend": verdict.backend,
            "stages": [stage.model_dump(mode="json") for stage in verdict.stages],
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str, findings: list[Finding], rules: "Mapping[str, Rule]") -> dict[str, Any]:
    rule = rules.get(name)
    level = findings[0].severity.value
    if rule is None:  # of a backend that doesn't tell
        return {"id": name, "defaultConfiguration": {"level": level}}
    return {
        "id": name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.how}\n\nferry explain {name}"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, ids: list[str], root: Path) -> dict[str, Any]:
    text = finding.message + (f"\n{finding.remedy}" if finding.remedy else "")
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": ids.index(finding.id),
        "level": finding.severity.value,
        "message": {"text": text},
        "rank": _RANKS[finding.confidence.value],
        "partialFingerprints": {"trainferry/v1": f"{finding.id}:{PurePath(finding.file or '').name}:{finding.message}"},
    }
    if finding.file:
        result["locations"] = [{"physicalLocation": _place(finding, root)}]
    return result


def _place(finding: Finding, root: Path) -> dict[str, Any]:
    path = Path(os.path.abspath(finding.file or ""))  # noqa: PTH100  (a link stays the link that the user knows)
    if path.is_relative_to(root):
        artifact = {"uri": quote(path.relative_to(root).as_posix()), "uriBaseId": "SRCROOT"}
    else:
        artifact = {"uri": path.as_uri()}
    place: dict[str, Any] = {"artifactLocation": artifact}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
        if finding.column is not None:
            place["region"]["startColumn"] = finding.column
    return place
