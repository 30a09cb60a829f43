"""A client that speaks the wire of the emulator's services, for tests."""

import time
import uuid
from collections.abc import Callable
from typing import Any, Self, TypeVar

import httpx

from azureml_emulator import AzureMLEmulator
from azureml_emulator.certificates import client_context

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds after which something that a test waits for counts as never."""


def wait_for(found: Callable[[], T | None], what: str) -> T:
    """What `found` returns once it returns something; fails after PATIENCE, saying what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return result


class Wire:
    """A signed-in client of one emulator, in its first workspace."""

    def __init__(self, azure: AzureMLEmulator) -> None:
        self.azure = azure
        self.client = httpx.Client(
            base_url=azure.url, verify=client_context(azure.certificate), timeout=60, trust_env=False
        )
        self.scope = self.scope_of(azure.resource_group, azure.workspace)
        self.sign_in()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self.client.close()

    def scope_of(self, group: str, workspace: str) -> str:
        """Path of a workspace."""
        root = f"/subscriptions/{self.azure.subscription_id}/resourceGroups/{group}/providers"
        return f"{root}/Microsoft.MachineLearningServices/workspaces/{workspace}"

    def sign_in(self) -> None:
        """Get a token as the service principal of the emulator's variables."""
        variables = self.azure.environ()
        form = {
            "grant_type": "client_credentials",
            "client_id": variables["AZUREML_SERVICE_PRINCIPAL_ID"],
            "client_secret": variables["AZUREML_SERVICE_PRINCIPAL_PASSWORD"],
            "resource": f"{self.azure.url}/",
        }
        answer = self.client.post("/adfs/oauth2/token/", data=form)
        answer.raise_for_status()
        self.client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: Any) -> Any:
        """The JSON of an answer, which must have this status."""
        answer = self.client.request(method, path, json=body, params=query.get("query", query) or None)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def service(self, name: str, path: str, version: str = "v1.0") -> str:
        """Address of a service of the workspace."""
        return f"/{name}/{version}{self.scope}{path}"

    def put_compute(
        self, name: str, *, nodes: int = 2, priority: str = "Dedicated", size: str = "STANDARD_DS2_V2"
    ) -> None:
        """Make a compute target."""
        scale = {"minNodeCount": 0, "maxNodeCount": nodes, "nodeIdleTimeBeforeScaleDown": "PT60S"}
        inner = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
        body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": inner}}
        answer = self.client.put(f"{self.scope}/computes/{name}", json=body)
        assert answer.status_code in (200, 201), answer.text

    def snapshot(self, files: dict[str, str]) -> str:
        """Make a snapshot of files, each uploaded to where the service says; returns its id."""
        nodes = self.ask("POST", self.service("content", "/snapshots/getblob", "v2.0"), {"FileNames": list(files)})
        for node in nodes["fileNodes"]:
            answer = self.client.put(
                node["blobUri"], content=files[node["fullName"]].encode(), headers={"x-ms-blob-type": "BlockBlob"}
            )
            assert answer.status_code == 201, answer.text
        revisions = [
            {"FullName": n["fullName"], "BlobUri": n["blobUri"], "FileSize": len(files[n["fullName"]])}
            for n in nodes["fileNodes"]
        ]
        tree = {"name": "", "type": "Directory", "children": {name: {"name": name, "type": "File"} for name in files}}
        identifier = str(uuid.uuid4())
        body = {"ParentSnapshotId": "", "DirTreeNode": tree, "FileRevisionList": {"FileNodes": revisions}}
        self.ask("POST", self.service("content", f"/snapshots/{identifier}", "v2.0"), body)
        return identifier

    def submit(
        self, script: str, compute: str, *, experiment: str = "exp", run_id: str = "", **configuration: Any
    ) -> str:
        """Submit a script; returns the id of its run."""
        run_id = run_id or f"{experiment}_{uuid.uuid4().hex[:8]}"
        definition = {
            "script": "main.py",
            "arguments": [],
            "target": compute,
            "framework": "Python",
            "communicator": "None",
            "nodeCount": 1,
            "environment": {
                "name": "plain",
                "python": {"userManagedDependencies": False, "condaDependencies": {"dependencies": []}},
                "docker": {},
                "environmentVariables": {},
            },
            **configuration,
        }
        body = {"Configuration": definition, "SnapshotId": self.snapshot({"main.py": script})}
        answer = self.ask(
            "POST", self.service("execution", f"/experiments/{experiment}/snapshotrun"), body, runId=run_id
        )
        assert answer["runId"] == run_id
        return run_id

    def run(self, run_id: str) -> Any:
        """A run."""
        return self.ask("GET", self.service("history", f"/runs/{run_id}"))

    def ended(self, run_id: str) -> Any:
        """A run, once it has ended."""

        def found() -> Any:
            run = self.run(run_id)
            return run if run["status"] in ("Completed", "Failed", "Canceled") else None

        return wait_for(found, f"the end of {run_id}")

    def file(self, run_id: str, path: str) -> str:
        """A file of a run, read where the artifact service says."""
        info = self.ask(
            "GET", self.service("artifact", f"/artifacts/contentinfo/ExperimentRun/dcid.{run_id}/{path}", "v2.0")
        )
        answer = self.client.get(info["contentUri"], headers={"authorization": ""})
        assert answer.status_code == 200, answer.text
        return answer.text
