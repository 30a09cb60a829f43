"""Runs in the cloud: finds its run, logs to it, uploads to it, reads its dataset."""

import sys
from pathlib import Path

from azureml.core import Run

run = Run.get_context()
for step in range(3):
    run.log("loss", 1 / (step + 1))
run.log_list("sizes", [1, 2, 3])
run.log_row("point", x=1.0, y=2.0)
run.tag("seen", "yes")
run.set_tags({"also": "this"})
print("workspace", run.experiment.workspace.name, "dataset", sys.argv[1])
Path("note.txt").write_text("from the job", encoding="utf-8")
run.upload_file("outputs/note.txt", "note.txt")
Path(sys.argv[2], "result.txt").write_text("for the next job", encoding="utf-8")
child = run.child_run("part")
child.log("inner", 5)
child.complete()
run.flush()
