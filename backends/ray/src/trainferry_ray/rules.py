"""What the findings of the Ray backend mean."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "conda-not-ray": Rule(
        W,
        "Conda packages are not installed on Ray's nodes",
        "The nodes make environments with uv, from pip packages alone: the script may miss something.",
        "List what is on the package index under pip.",
        example="environment: {conda: [scipy]}",
    ),
    "dataset-not-ray": Rule(
        E,
        "A dataset is in another cloud only",
        "A run on Ray reads its data from a path, which the nodes see or to which it is uploaded.",
        "Lay a path over it for this backend.",
        example="datasets: {images: {name: waste_images}}",
    ),
    "ignored-on-ray": Rule(
        N,
        "Something in the job means nothing on Ray",
        "There are no images, and sizes have a spelling of their own; elsewhere it counts.",
        "Nothing to do; or say what the job takes as compute.size: cpus=4,gpus=1.",
        example="compute: {size: Standard_NC4as_T4_v3}",
    ),
    "little-memory": Rule(
        W,
        "This machine has little memory for a cluster",
        "Ray's own processes take about 1.3 GB before any script runs.",
        "Free some memory, or set backends.ray.address to a cluster elsewhere.",
        example="1.1 GB of memory are free",
    ),
    "little-shared-memory": Rule(
        W,
        "This machine has little shared memory for a cluster",
        "The object store of each node lies there; without room Ray falls back to the disk.",
        "Set backends.ray.node_memory_mb lower.",
        example="64 MB are free in /dev/shm",
    ),
    "no-such-node": Rule(
        W,
        "No node of the cluster has what the job takes",
        "The run would wait until the cluster grows; a cluster on this machine never does, so there it is an error.",
        "Ask for less with compute.size, or let the cluster have larger nodes, or more of them.",
        example="compute: {size: cpus=64}",
    ),
    "other-ray-cluster": Rule(
        E,
        "The cluster on this machine was started by another Python or Ray",
        "environment: current would mean that one, and nodes of two versions of Ray don't understand each other.",
        "Stop it with ferry down JOB --only cluster; the next run starts a new one.",
        example="pip install --upgrade ray, while a cluster runs",
    ),
    "package-folder": Rule(
        E,
        "A package is a folder of this machine",
        "Only package files travel to the nodes.",
        "Build a wheel of it and name that.",
        example="environment: {pip: [./my-package]}",
    ),
    "ray-linux-only": Rule(
        E,
        "This system can't have a Ray cluster of its own",
        "What runs and stops a cluster here needs Linux.",
        "Set backends.ray.address to a cluster elsewhere.",
        example="on macOS",
    ),
    "ray-missing": Rule(
        E,
        "Ray's command is not beside this Python",
        "Without it no cluster can be started on this machine.",
        "Install it again: pip install --force-reinstall 'ray[default]'.",
        example="a package that was removed by hand",
    ),
    "ray-nodes-unknown": Rule(
        N,
        "The cluster doesn't tell its nodes",
        "A job that fits none of them is not noticed before it waits.",
        "Install ray[default] on the head node.",
        example="a head node with the minimal Ray",
    ),
    "ray-run-waits": Rule(
        N,
        "A run waits for a node",
        "What it takes is not free, or on no node.",
        "Free some of it, or cancel the run.",
        example="two runs with cpus=4 on a node of four",
    ),
    "ray-storage-not-shared": Rule(
        N,
        "The storage of the nodes is not shared with this machine",
        "Data, logs and files travel through Ray, which is slower than a disk that both see.",
        "Set backends.ray.storage below one of the shared folders.",
        example='shared = ["/mnt/data"], storage = "/var/tmp/ferry"',
    ),
    "ray-unreachable": Rule(
        E,
        "The cluster doesn't answer",
        "It is down, the port is not forwarded, it asks for another token, or it is no Ray that is known here.",
        "The message says which; correct backends.ray.",
        example='address = "http://127.0.0.1:9999"',
    ),
}
