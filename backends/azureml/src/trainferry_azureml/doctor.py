"""What is missing on this machine or in the account: login, workspace, storage, tried one after the other."""

import importlib.util
from typing import TYPE_CHECKING

from trainferry.errors import FerryError
from trainferry_azureml.findings import finding
from trainferry_azureml.inputs.datastore import open_datastore
from trainferry_azureml.support import support_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainferry.specs.finding import Finding
    from trainferry_azureml.session import Session


def diagnose(session: "Session") -> "Iterator[Finding]":
    """Findings of each step; the first that fails ends it, since the next ones stand on it."""
    yield support_note()
    if importlib.util.find_spec("azureml") is None:
        yield finding(
            "azureml-core-missing", "error", "azureml-core is not installed", "pip install 'trainferry[azureml]'"
        )
        return
    try:
        choice = session.tokens.choice
        session.tokens.token()
    except FerryError as error:
        yield finding("azure-login", "error", error.message, error.remedy)
        return
    yield finding("azure-logged-in", "note", f"logged in with '{choice.kind}': {choice.reason}")
    try:
        with session.looking():
            workspace = session.find()
    except FerryError as error:
        yield finding("azure-workspace", "error", error.message, error.remedy)
        return
    if workspace is None:
        where = session.coordinates
        text = f"there is no workspace '{where.workspace}' in the resource group '{where.resource_group}' yet"
        yield finding("workspace-missing", "warning", text, "'ferry up JOB' creates it, after showing what that makes")
        return
    try:
        with session.looking():
            store = open_datastore(session, workspace)
    except FerryError as error:
        yield finding("azure-datastore", "error", error.message, error.remedy)
        return
    text = f"the workspace {workspace.coordinates.workspace} in {workspace.region} is open; data goes to {store.name}"
    yield finding("azure-ready", "note", text)
