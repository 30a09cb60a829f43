"""A run that wants more than the node its driver is on: the driver on the head node asks Ray for the others.

It waits for resources as long as need be, starts one actor on each node, hands their output on, brings their files to
the head node, and starts over when a node is lost or the script failed, as often as the settings allow.
"""

from __future__ import annotations

import logging
import signal
import time
import traceback
from contextlib import suppress

from trainferry_ray.node import outcome, upload
from trainferry_ray.node.folders import RunFolder, storage_of, write_json
from trainferry_ray.node.gather import Gather
from trainferry_ray.node.rank import PIECE, Rank
from trainferry_ray.node.relay import Relay, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PAUSE = 0.2
"""Seconds between two looks at the nodes."""


def run(request: dict[str, Any]) -> int:
    """Carry the run to its end; returns the exit code for Ray."""
    import ray  # noqa: PLC0415  (this is Ray's own interpreter)

    spread = Spread(request)
    signal.signal(signal.SIGTERM, spread.stop)
    try:
        ray.init(address="auto", logging_level=logging.ERROR, log_to_driver=False)
        final = spread.to_the_end()
    except Exception as error:  # noqa: BLE001  (the run must end in a state that says what happened)
        say(traceback.format_exc())
        final = outcome.state("failed", reason=f"the driver on the head node failed: {error}", started=spread.started)
    final["ended"] = time.time()
    write_json(spread.folder.state, final)
    spread.relay.advance(last=True)
    say(outcome.closing_line(final))
    return outcome.exit_code_of(final)


class Spread:
    """The run while it goes."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._spec = request["distribution"] or {"kind": None, "nodes": 1, "per_node": 1}
        self._stopped = False
        self.started: float | None = None
        """When the script started on the first of the nodes (seconds since the epoch)."""
        self._told = ""
        self.folder = RunFolder.of(storage_of(request["storage"]), request["run_id"])
        self.folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("outputs", "logs"):
            (self.folder.work / name).mkdir(parents=True, exist_ok=True)
        self.relay = Relay(self.folder.log)

    def stop(self, *_: object) -> None:
        """End the run at the next look."""
        self._stopped = True

    def to_the_end(self) -> dict[str, Any]:
        """Try until it ends well, or no try is left; returns the last state."""
        tries = 1 + int(self._request["retries"])
        for number in range(1, tries + 1):
            final = self._try()
            final["started"] = self.started
            if final["state"] not in {"failed", "lost"} or final.get("timeout") or number == tries or self._stopped:
                break
            self._note(f"\ntrainferry: try {number} of {tries} failed ({final['reason'].splitlines()[0]}); once more\n")
        final.pop("timeout", None)
        return final

    def _note(self, text: str) -> None:
        with self.folder.log.open("ab") as stream:
            stream.write(text.encode())
        self.relay.advance()

    def _try(self) -> dict[str, Any]:
        from ray.util import placement_group, remove_placement_group  # noqa: PLC0415

        bundle = _bundle(self._request["resources"])
        count = self._spec["nodes"]
        group = placement_group([bundle] * count, strategy="STRICT_SPREAD" if count > 1 else "PACK")
        try:
            while not group.wait(_PAUSE):
                if self._stopped:
                    return outcome.state("canceled", reason="canceled before it started")
                self._tell(_why_waiting(bundle, count))
            return self._on_nodes(group, bundle)
        except _lost_errors() as error:
            return outcome.state("lost", reason=f"a node was lost: {str(error).splitlines()[0][:300]}")
        finally:
            remove_placement_group(group)

    def _tell(self, reason: str) -> None:
        """Say why the run waits, once for each reason: in Ray's log, and in the state that a client may see."""
        if reason != self._told:
            self._told = reason
            say(f"{reason}\n")
            write_json(self.folder.state, outcome.state("queued", reason=reason))

    def _on_nodes(self, group: Any, bundle: dict[str, float]) -> dict[str, Any]:
        import ray  # noqa: PLC0415
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy  # noqa: PLC0415

        actor: Any = ray.remote(Rank)
        ranks = [
            actor.options(
                num_cpus=bundle.get("CPU", 0),
                num_gpus=bundle.get("GPU", 0),
                memory=bundle.get("memory"),
                resources={key: value for key, value in bundle.items() if key not in {"CPU", "GPU", "memory"}},
                scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=number),
            ).remote(self._request, number)
            for number in range(self._spec["nodes"])
        ]
        try:
            self._give_data(ranks)
            self._start(ranks)
            final = self._watch(ranks)
            for kept in Gather(self.folder).bring(ranks):
                self._note(f"\ntrainferry: {kept}\n")
        finally:
            for rank in ranks:
                with suppress(Exception):  # the node may be gone; the others must be left in order all the same
                    ray.get(rank.stop.remote(), timeout=self._request["grace"] + 30)
                    ray.get(rank.leave.remote(), timeout=30)
                ray.kill(rank)
        return final

    def _give_data(self, ranks: list[Any]) -> None:
        import ray  # noqa: PLC0415

        storage = storage_of(self._request["storage"])
        for rank in ranks:
            for digest in ray.get(rank.lacks.remote()):
                self._tell(f"handing the dataset {digest[:12]} to a node")
                for manifest, offset, piece in upload.stream(storage, digest, PIECE):
                    ray.get(rank.receive.remote(digest, manifest, offset, piece))

    def _start(self, ranks: list[Any]) -> None:
        import ray  # noqa: PLC0415

        from trainferry_ray.node import distribution  # noqa: PLC0415

        more: list[list[dict[str, str]]] = [[{}]]
        if self._spec["kind"]:
            nodes = ray.get([rank.join.remote(self._spec["per_node"]) for rank in ranks])
            more = distribution.variables_of(self._spec["kind"], nodes)
        number = 0
        starts = []
        for rank, variables in zip(ranks, more):
            logs = [f"logs/worker-{number + local}.log" if number + local else "" for local in range(len(variables))]
            number += len(variables)
            starts.append(rank.start.remote(variables, logs))
        ray.get(starts)

    def _watch(self, ranks: list[Any]) -> dict[str, Any]:
        """Look at all nodes until all have ended well, or one has not, or the run is to be stopped."""
        import ray  # noqa: PLC0415

        offset = self.folder.log.stat().st_size if self.folder.log.exists() else 0
        before = offset
        while True:
            looks = ray.get([rank.look.remote(offset - before) for rank in ranks])
            data, states = looks[0][0], [state for _, state in looks]
            self._began(states)
            with self.folder.log.open("ab") as stream:
                stream.write(data)
            offset += len(data)
            self.relay.advance()
            if data:
                continue
            if self._stopped:
                return outcome.state("canceled", reason="canceled")
            bad = next((state for state in states if state["state"] in {"failed", "canceled", "lost"}), None)
            if bad is not None:
                return self._failure(bad, len(ranks))
            if all(state["state"] == "completed" for state in states):
                return outcome.state("completed", exit_code=0)
            time.sleep(_PAUSE)

    def _began(self, states: list[dict[str, Any]]) -> None:
        """Note when the script started on the first of the nodes."""
        starts = [state["started"] for state in states if state["started"]]
        if starts and self.started is None:
            self.started = min(starts)
            say(f"{outcome.BEGIN}{self.started}\n")
            write_json(self.folder.state, outcome.state("running", started=self.started))

    @staticmethod
    def _failure(bad: dict[str, Any], nodes: int) -> dict[str, Any]:
        final = outcome.state("failed", exit_code=bad["exit_code"], reason=bad["reason"])
        if final["reason"].startswith("timeout"):
            final["timeout"] = True
        elif nodes > 1:
            first, newline, rest = final["reason"].partition("\n")
            final["reason"] = f"{first}; the other nodes were ended{newline}{rest}"
        return final


def _bundle(resources: dict[str, Any]) -> dict[str, float]:
    wanted = {"CPU": resources["cpus"], "GPU": resources["gpus"], "memory": resources["memory"], **resources["custom"]}
    return {key: value for key, value in wanted.items() if value}


def _why_waiting(bundle: dict[str, float], count: int) -> str:
    """What the run waits for, and whether the cluster as it is can ever give it."""
    words = ", ".join(f"{value:g} {key}" for key, value in bundle.items())
    nodes = [node["Resources"] for node in _nodes() if node["Alive"]]
    fitting = sum(all(node.get(key, 0) >= value for key, value in bundle.items()) for node in nodes)
    if fitting < count:
        return (
            f"waiting for {count} nodes with {words} each; the cluster has {fitting} such nodes of {len(nodes)}, "
            "so this waits until it grows"
        )
    return f"waiting until {count} nodes have {words} free"


def _nodes() -> list[dict[str, Any]]:
    import ray  # noqa: PLC0415

    return list(ray.nodes())  # type: ignore[no-untyped-call]


def _lost_errors() -> tuple[type[BaseException], ...]:
    from ray import exceptions  # noqa: PLC0415

    return (exceptions.RayActorError, exceptions.GetTimeoutError, exceptions.ObjectLostError)
