"""A verdict as SARIF: what the schema of 2.1.0 demands of the parts that we write."""

from typing import Any

import jsonschema

from trainferry import Finding, Verdict
from trainferry.sarif import sarif_log

MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
REGION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
}
ESSENTIALS = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {"additionalProperties": {"required": ["uri"]}},
                    "properties": {"type": "object"},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "semanticVersion": {"pattern": r"^\d+\.\d+\.\d+"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": MESSAGE,
                                                "fullDescription": MESSAGE,
                                                "help": MESSAGE,
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "message": MESSAGE,
                                "rank": {"type": "number", "minimum": 0, "maximum": 100},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "suppressions": {"items": {"required": ["kind"]}},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "additionalProperties": False,
                                                "properties": {
                                                    "region": REGION,
                                                    "artifactLocation": {
                                                        "properties": {"uri": {"pattern": r"^[^ \\]+$"}}
                                                    },
                                                },
                                            }
                                        }
                                    }
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The parts of sarif-schema-2.1.0.json (OASIS) that a log of ours uses; it has no others."""


def finding(name: str, severity: str, **more: Any) -> Finding:
    return Finding.model_validate({"id": name, "severity": severity, "message": f"about {name}", **more})


def log() -> dict[str, Any]:
    verdict = Verdict(
        job="j",
        backend="b",
        findings=(
            finding("script-missing", "error", file="src/my train.py", line=3, column=2, remedy="write it"),
            finding("of-a-backend", "warning", file="/elsewhere/é.yaml", confidence="possible"),
            finding("no-timeout", "note"),
        ),
        silenced=(finding("no-timeout", "note", file="job.yaml"),),
    )
    return sarif_log(verdict)


def test_the_log_keeps_to_the_schema() -> None:
    jsonschema.Draft202012Validator(ESSENTIALS).validate(log())
    (run,) = log()["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def test_places_are_relative_to_the_root_where_they_lie_below_it() -> None:
    first, second, third, fourth = log()["runs"][0]["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/my%20train.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 3, "startColumn": 2}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///elsewhere/")
    assert "locations" not in third
    assert fourth["suppressions"]


def test_how_sure_and_how_bad_a_finding_is_travels_along() -> None:
    first, second, third, _ = log()["runs"][0]["results"]
    assert [first["level"], second["level"], third["level"]] == ["error", "warning", "note"]
    assert first["rank"] > second["rank"]
    assert first["message"]["text"].endswith("write it")


def test_a_verdict_without_findings_is_a_log_without_results() -> None:
    empty = sarif_log(Verdict(job="j", backend="b"))
    jsonschema.Draft202012Validator(ESSENTIALS).validate(empty)
    assert empty["runs"][0]["results"] == []
