"""The rules that a dry run adds to those of its stages."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import E, N, Rule, W

RULES: Mapping[str, Rule] = {
    "job-file": Rule(
        E,
        "The job file can't be read as a job",
        "Nothing of it can be checked or run before that is mended.",
        "Correct the place that the message names; 'ferry schema' lets an editor complete and check job files.",
        example="scirpt: train.py",
    ),
    "plan-failed": Rule(
        W,
        "The backend could make no plan",
        "What exists at the target, and what a submit would do there, is not known: it may fail.",
        "Do what the message says; 'ferry doctor' tries what the backend needs.",
        example="ferry dry-run job.yaml --on BACKEND   # without a login",
    ),
    "target-not-asked": Rule(
        N,
        "The target was not asked",
        "Offline, what is said of it is as old as the last listing, or nothing is known of it at all.",
        "Run it again without --offline before a submit that matters.",
        example="ferry plan job.yaml --offline",
    ),
}
