"""The dry run against a corpus of jobs that failed in a cloud, and of unusual jobs that are in order.

    python -m bench.dry_run --corpus FILE --json OUT

lays out each case of the corpus as a folder with a job file, runs the stages of the dry run over it, and compares what
is found with what the corpus expects. A failing job counts as caught only if a finding has the severity and the mention
that are expected; a valid job is a false alarm if anything is an error.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "dry-run-corpus.md"
"""Where the tables go when the whole corpus has gone through all stages."""
ALL = "check,resolve,plan,rehearse"
LEAST_CAUGHT = 0.95
"""Part of the detectable cases that has to be caught."""


def main() -> int:
    """Run the corpus; 1 if too few cases are caught or a valid job is rejected."""
    sys.path.insert(0, str(Path(__file__).parent))
    from corpus_running import Stages, run_case  # noqa: PLC0415  (found beside this file, however it is started)
    from corpus_speed import measure  # noqa: PLC0415
    from corpus_table import page, summary  # noqa: PLC0415

    arguments = options()
    corpus = json.loads(arguments.corpus.read_text(encoding="utf-8"))
    cases = [*corpus.get("cases", ()), *corpus.get("false_alarms", ())]
    wanted = set(arguments.case or ())
    stages = Stages(tuple(arguments.stages.split(",")), arguments.on or "")
    rows = []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="corpus-") as name:
        scratch = Path(name)
        speed = measure(arguments.images, scratch) if arguments.images else {}
        os.environ["TRAINFERRY_HOME"] = str(scratch / "home")
        os.environ["TRAINFERRY_CACHE"] = str(arguments.cache)
        for case in cases:
            if wanted and not wanted & {case.get("case"), case.get("id")}:
                continue
            row = run_case(case, scratch, stages)
            rows.append(row)
            if arguments.verbose or (row.result in ("missed", "rejected")):
                print(f"{row.case} {row.id}: {row.result} {row.by} {row.trouble}".rstrip(), flush=True)
                for finding in row.findings if arguments.verbose else ():
                    print(f"    {finding['stage']} {finding['severity']} {finding['id']}: {finding['message']}")
    shutil.rmtree(arguments.cache / "checks", ignore_errors=True)  # of folders that are gone
    result = summary(rows, time.perf_counter() - start)
    if speed:
        result["check of real images"] = speed
    data = {"summary": result, "rows": [vars(row) for row in rows]}
    if arguments.json:
        arguments.json.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.docs is None and not wanted and arguments.stages == ALL:
        arguments.docs = PAGE
    if arguments.docs:
        arguments.docs.write_text(page(rows, result), encoding="utf-8")
    print(json.dumps(result, indent=1))
    enough = result["caught"] >= LEAST_CAUGHT * result["detectable"]
    return 0 if enough and not result["false_alarms"] else 1


def default_cache() -> Path:
    """A cache of its own, kept from one run to the next; the user's listings and environments stay as they are."""
    from platformdirs import user_cache_path  # noqa: PLC0415

    return user_cache_path("trainferry-corpus", appauthor=False)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, metavar="FILE", help="the corpus, as JSON")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write a row for each case, and a summary")
    parser.add_argument("--docs", type=Path, metavar="PAGE", help="write the tables as this page")
    images = os.environ.get("CORPUS_IMAGES")
    parser.add_argument(
        "--images",
        type=Path,
        default=Path(images) if images else None,
        metavar="ZIP",
        help="time the check on these pictures, too; default: the variable CORPUS_IMAGES",
    )
    parser.add_argument("--stages", default=ALL, help="which stages to run")
    parser.add_argument("--on", metavar="BACKEND", help="in place of the backend that a case names")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for environments that are built")
    parser.add_argument("--case", action="append", metavar="ID", help="only this case; may be repeated")
    parser.add_argument("--verbose", action="store_true", help="show every finding")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
