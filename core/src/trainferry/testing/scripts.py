"""The scripts that the kit's jobs run: plain Python that needs no package and knows nothing of Trainferry."""

import hashlib

READY = "kit-ready"
REPORT = "kit-report "
LINES = 3000
"""How many numbered lines PRINTING prints (count)."""
LONG = 100_000
"""Characters of its longest line (count)."""
LAST = "kit-last ünï\U0001f600"
LIMIT = 100
"""After which time each script ends by itself, whatever happens (seconds)."""

QUICK = """
print("kit-start", flush=True)
"""

REPORTING = r"""
import hashlib, json, os, pathlib, sys
files = {
    path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in sorted(pathlib.Path(".").rglob("*")) if path.is_file()
}
variables = {key: value for key, value in os.environ.items() if key.startswith("KIT_")}
secret = hashlib.sha256(os.environ.get("KIT_API_TOKEN", "").encode()).hexdigest()
variables.pop("KIT_API_TOKEN", None)
report = {
    "arguments": sys.argv[1:], "variables": variables, "secret": secret, "files": files, "folder": os.getcwd(),
    "module": __import__("beside.module").module.ANSWER, "input": sys.stdin.read() if sys.stdin else "",
    "names": sorted(os.environ),
}
print("kit-report " + json.dumps(report), flush=True)
"""

DATASETS = r"""
import errno, hashlib, json, os, pathlib, sys

def attempt(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"

def force(path):
    path.chmod(0o666)
    path.write_text("changed")

report = {}
for argument in sys.argv[1:]:
    name, named, path = argument.partition("=")
    if not named:
        name, path = "alone", argument
    root = pathlib.Path(path)
    if not root.is_dir():
        report[name] = {"file": hashlib.sha256(root.read_bytes()).hexdigest(), "name": root.name}
        if name == "label":
            report[name]["append"] = attempt(lambda: root.open("a").write("more"))
        continue
    found = {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*")) if file.is_file()
    }
    report[name] = {
        "files": found,
        "create": attempt(lambda: (root / "new.txt").write_text("new")),
        "overwrite": attempt(lambda: (root / "plain.txt").write_text("changed")),
        "append": attempt(lambda: (root / "folder" / "deep" / "data.bin").open("ab").write(b"more")),
        "force": attempt(lambda: force(root / "force.txt")),
        "delete": attempt(lambda: (root / "delete.txt").unlink()),
        "rename": attempt(lambda: (root / "rename.txt").rename(root / "renamed.txt")),
        "make": attempt(lambda: (root / "made").mkdir()),
    }
print("kit-report " + json.dumps(report), flush=True)
"""

PRINTING = f"""
import sys
for number in range({LINES}):
    stream = sys.stderr if number % 5 == 4 else sys.stdout
    print(f"kit-line {{number}} ü\U0001f600", file=stream, flush=True)
print("kit-long " + "x" * {LONG}, flush=True)
print("kit-gap", flush=True)
print("", flush=True)
print("kit-after-gap", flush=True)
sys.stdout.write({LAST!r})
sys.stdout.flush()
"""

SLOW = """
import sys, time
print("kit-start", flush=True)
print("kit-early", flush=True)
time.sleep(float(sys.argv[1]))
print("kit-late", flush=True)
"""

CODE = 3
"""Exit code of FAILING."""

FAILING = f"""
import sys
print("kit-start", flush=True)
print("kit-cause: the data is bad", flush=True)
sys.exit({CODE})
"""

CRASHING = """
print("kit-start", flush=True)
raise ValueError("kit-boom")
"""

KILLED = """
import os, signal
print("kit-start", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

BROKEN = """
print("kit-start", flush=True)
this is no Python
"""

LIGHT = """
print("kit-start", flush=True)
raise SystemExit("kit-message on the way out")
"""

TREE = """
import signal, subprocess, sys, time
token, limit = sys.argv[1], float(sys.argv[2])
CHILD = '''
import signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
token, limit, deeper = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
if deeper:
    subprocess.Popen([sys.executable, "-c", deeper[0], deeper[1], sys.argv[2]], start_new_session=True)
else:
    print("kit-ready", flush=True)
end = time.monotonic() + limit
while time.monotonic() < end:
    time.sleep(0.2)
    if not deeper:
        print("kit-beat", flush=True)
'''
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("kit-start", flush=True)
command = [sys.executable, "-c", CHILD, token + "-child", str(limit), CHILD, token + "-grandchild"]
subprocess.Popen(command, start_new_session=True)
end = time.monotonic() + limit
while time.monotonic() < end:
    time.sleep(0.05)
"""
"""A script that ends politely on SIGTERM, whose child and grandchild, each in a session of its own, do not."""

WRITING = r"""
import hashlib, os, pathlib, sys

def content(name, size):
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]

for argument in sys.argv[1:]:
    size, _, name = argument.partition(" ")
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(name, int(size)))
pathlib.Path("elsewhere.txt").write_text("not below outputs or logs")
pathlib.Path("outputs/leak.txt").symlink_to("/etc/passwd")
pathlib.Path("outputs/leaks").symlink_to("/etc")
print("kit-start", flush=True)
"""

FILES = {
    "outputs/model.bin": 3_000_000,
    "outputs/empty.bin": 0,
    "outputs/deep/er/weights.bin": 1000,
    "outputs/with space.txt": 20,
    "outputs/ünï\U0001f600.txt": 30,
    "outputs/.hidden": 5,
    "logs/own.txt": 40,
}
"""What WRITING writes: path and bytes."""


def content(name: str, size: int) -> bytes:
    """The bytes that WRITING gives a file of this name and size."""
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


NODES = """
import json, os
names = ("TF_CONFIG", "WORLD_SIZE", "OMPI_COMM_WORLD_SIZE")
print("kit-report " + json.dumps({name: os.environ.get(name, "") for name in names}), flush=True)
"""
