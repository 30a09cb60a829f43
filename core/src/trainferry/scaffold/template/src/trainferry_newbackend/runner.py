"""Runs one script and notes how it ended; a process of its own, so that a run outlives its client."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

if os.fork():
    sys.exit()  # the client goes on
os.setsid()
run = Path(sys.argv[1])
(run / "started").touch(exist_ok=False)  # fails for all but the first that starts this run
request = json.loads((run / "request.json").read_text())
with (run / "log").open("ab") as log:
    script = subprocess.Popen(request["command"], cwd=run / "work", env=request["variables"], stdout=log, stderr=log)
    try:
        code, reason = script.wait(request["timeout"]), ""
    except subprocess.TimeoutExpired:
        script.kill()
        code, reason = script.wait(), f"timeout after {request['timeout']} s\n"
state = "canceled" if (run / "cancel").exists() else "failed" if code else "completed"
if code:
    tail = (run / "log").read_text(errors="replace").splitlines()[-10:]
    reason = "\n".join([reason or f"exit code {code}", *tail])
(run / "end.part").write_text(json.dumps({"state": state, "exit_code": code, "reason": reason, "ended": time.time()}))
(run / "end.part").rename(run / "end.json")
