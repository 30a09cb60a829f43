"""What the findings of the Azure ML backend mean: those about the login and the workspace."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "azure-datastore": Rule(
        E,
        "The workspace's storage can't be opened",
        "Data, snapshots and results go through it.",
        "Do what the message says; often it is a right on the storage account.",
        example="ferry doctor azureml",
    ),
    "azure-logged-in": Rule(
        N,
        "The login works",
        "It says which of the ways to log in was taken.",
        "Nothing to do.",
        example="ferry doctor azureml",
    ),
    "azure-login": Rule(
        E,
        "There is no login that works",
        "Nothing can be asked of Azure without one.",
        "az login, or set the variables of a service principal.",
        example="ferry doctor azureml",
    ),
    "azure-ready": Rule(
        N,
        "Azure is ready",
        "The workspace is open and its storage answers.",
        "Nothing to do.",
        example="ferry doctor azureml",
    ),
    "azure-unusable": Rule(
        E,
        "Azure gave no answer that a plan could be made from",
        "What exists there is not known, so that nothing can be submitted.",
        "Do what the message says; 'ferry doctor azureml' tries each part.",
        example="no connection, or no right to read the workspace",
    ),
    "azure-workspace": Rule(
        E,
        "The workspace can't be read",
        "It is not there, or this login may not see it.",
        "Correct [backends.azureml], or ask for the right to read it.",
        example='[backends.azureml] workspace = "ml"',
    ),
    "azureml-core-missing": Rule(
        E,
        "azureml-core is not installed",
        "The backend submits through it.",
        "pip install 'trainferry[azureml]'",
        example="ferry doctor azureml",
    ),
    "azureml-core-support-ended": Rule(
        N,
        "Microsoft's support of azureml-core has ended",
        "It works as long as the service answers to it.",
        "Nothing to do today.",
        example="ferry doctor azureml",
    ),
    "workspace-config": Rule(
        E,
        "The workspace's file is not there or not right",
        "Nobody knows which workspace is meant.",
        "Download config.json from the portal, or name the workspace and its group in [backends.azureml].",
        example='[backends.azureml] config = "azureml_config.json"',
    ),
    "workspace-missing": Rule(
        W,
        "The workspace is not there yet",
        "'ferry up' creates it.",
        "'ferry up JOB' creates it, after showing what that makes.",
        example='[backends.azureml] workspace = "new"',
    ),
    "workspace-no-region": Rule(
        E,
        "The workspace is not there, and no region is set to create it in",
        "Nothing can be created.",
        "Set backends.azureml.region, or correct the workspace's name.",
        example='[backends.azureml] workspace = "new"',
    ),
}
