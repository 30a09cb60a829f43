"""The figures and tables of a run over the corpus."""

import statistics
from typing import Any

from corpus_running import Row


def summary(rows: list[Row], seconds: float) -> dict[str, Any]:
    """The figures: cases, detectable, caught, false_alarms, and times (seconds) by stage."""
    failures = [row for row in rows if row.kind == "failure"]
    caught = [row for row in failures if row.result == "caught"]
    alarms = [row.case for row in rows if row.result == "rejected"]
    names = list(dict.fromkeys(name for row in rows for name in row.seconds))
    times = {name: _spread([row.seconds[name] for row in rows if name in row.seconds]) for name in names}
    return {
        "cases": len(failures),
        "detectable": sum(row.result != "not detectable" for row in failures),
        "caught": len(caught),
        "missed": [row.case for row in failures if row.result == "missed"],
        "valid": len(rows) - len(failures),
        "false_alarms": len(alarms),
        "rejected": alarms,
        "seconds": round(seconds, 1),
        "times": times,
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        "median": round(statistics.median(ordered), 4),
        "p95": round(high, 4),
        "most": round(ordered[-1], 4),
        "cases": len(ordered),
    }


def page(rows: list[Row], result: dict[str, Any]) -> str:
    """The page for the documentation."""
    detectable = result["detectable"]
    share = 100 * result["caught"] / detectable if detectable else 0.0
    lines = [
        "# What the dry run catches",
        "",
        "<!-- written by python -m bench.dry_run --docs; run it again to change it -->",
        "",
        f"{result['cases']} jobs that failed in a cloud: {result['caught']} of the {detectable} that can be "
        "detected from a laptop are caught",
        f"({share:.0f} %). A case counts only if a finding has the severity and names the thing that the "
        "corpus expects.",
        f"{result['valid']} unusual jobs that are in order: {result['false_alarms']} rejected.",
        "",
        "| stage | median (s) | 95 % below (s) | longest (s) | cases |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {t['median']:.3f} | {t['p95']:.3f} | {t['most']:.3f} | {t['cases']} |"
        for name, t in result["times"].items()
    ]
    speed = result.get("check of real images")
    if speed:
        lines += [
            "",
            f"`ferry check` on {speed['images']:,} real pictures ({speed['bytes'] / 1e6:.0f} MB), the whole command: "
            f"{speed['warm median']:.2f} s, 95 % below {speed['warm 95 %']:.2f} s; "
            f"the first time {speed['cold']:.2f} s.",
        ]
    lines += [
        "",
        "## Jobs that fail",
        "",
        "| case | what | expected | result | stage | finding |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.kind == "failure":
            wanted = f"{row.expected}: `{row.mention}`" if row.expected else ""
            lines.append(f"| {row.case} | {_cell(row.title)} | {wanted} | {row.result} | {row.stage} | {row.by} |")
    lines += ["", "## Jobs that are in order", "", "| case | what | result | finding |", "|---|---|---|---|"]
    lines += [f"| {row.case} | {_cell(row.title)} | {row.result} | {row.by} |" for row in rows if row.kind == "valid"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
