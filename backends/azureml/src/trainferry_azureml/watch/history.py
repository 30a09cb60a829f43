"""Run history: what the workspace keeps of each run, asked for one run or for many at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from trainferry_azureml.session import Session
    from trainferry_azureml.workspace.opening import Workspace

_PAGE = 100
"""Runs in one question or page (count); a filter of more would make an address that some proxies refuse."""
Run = dict[str, Any]


def _url(workspace: "Workspace", path: str) -> str:
    return workspace.url("history", "history/v1.0", path)


def find_run(session: "Session", workspace: "Workspace", run: str) -> Run | None:
    """One run by its id on Azure, whatever its experiment; None if there is none."""
    found: Run | None = session.http.find(_url(workspace, f"/runs/{quote(run, safe='')}"), f"look at the run {run}")
    return found


def run_details(session: "Session", workspace: "Workspace", experiment: str, run: str) -> Run | None:
    """Everything about one run, with the addresses of its logs; None if there is none."""
    path = f"/experiments/{quote(experiment, safe='')}/runs/{quote(run, safe='')}/details"
    found: Run | None = session.http.find(_url(workspace, path), f"look at the run {run}")
    return found


def set_tags(session: "Session", workspace: "Workspace", experiment: str, run: str, tags: Mapping[str, str]) -> None:
    """Lay tags over those that a run has."""
    path = f"/experiments/{quote(experiment, safe='')}/runs/{quote(run, safe='')}"
    body = {"runId": run, "tags": dict(tags)}
    session.http.json("PATCH", _url(workspace, path), f"tag the run {run}", json=body)


def find_by_ids(session: "Session", workspace: "Workspace", experiment: str, runs: Iterable[str]) -> list[Run]:
    """The runs of an experiment that have these ids, a hundred for each request."""
    wanted, found = list(runs), []
    for start in range(0, len(wanted), _PAGE):
        some = wanted[start : start + _PAGE]
        test = " or ".join(f"(RunId eq {run})" for run in some)
        found += list(query(session, workspace, experiment, test))
    return found


def query(session: "Session", workspace: "Workspace", experiment: str, test: str) -> Iterator[Run]:
    """The runs of an experiment that a filter lets through, page by page; none if there is no such experiment."""
    url = _url(workspace, f"/experiments/{quote(experiment, safe='')}/runs:query")
    body: dict[str, Any] = {"filter": test, "top": _PAGE}
    doing = f"list the runs of {experiment}"
    while True:
        answer = session.http.answer("POST", url, doing, json=body, accept=frozenset({404}))
        if answer.status_code == 404:  # noqa: PLR2004  (HTTP's own number for it)
            return
        page = answer.json()
        yield from page.get("value") or []
        token = page.get("continuationToken")
        if not token:
            return
        body = {**body, "continuationToken": token}


def experiments(session: "Session", workspace: "Workspace") -> list[str]:
    """Names of all experiments of the workspace."""
    names: list[str] = []
    body: dict[str, Any] = {}
    while True:
        page = session.http.json("POST", _url(workspace, "/experiments:query"), "list the experiments", json=body)
        names += [str(one["name"]) for one in page.get("value") or []]
        token = page.get("continuationToken")
        if not token:
            return names
        body = {"continuationToken": token}
