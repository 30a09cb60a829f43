"""What every kind of finding of this backend means; `ferry explain` and the reference show it."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry_azureml.explained import of_access, of_compute, of_environments, of_jobs

RULES: Mapping[str, Rule] = {**of_access.RULES, **of_compute.RULES, **of_environments.RULES, **of_jobs.RULES}
