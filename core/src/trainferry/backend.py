"""Backend: the typed face of one bound plugin. Nothing else calls a hook."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

import pluggy
from pluggy import PluginValidationError

from trainferry import hookspecs
from trainferry.errors import BackendError, CapabilityMissing, ConfigError, PluginError
from trainferry.progress import Report

if TYPE_CHECKING:
    from pydantic import BaseModel

    from trainferry.checks.rules import Rule
    from trainferry.results import Evidence, FileEntry, FoundRun, LogChunk
    from trainferry.site import Site
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action, ActionResult, Plan, Price, Quota
    from trainferry.specs.rehearsal import RehearsalRules
    from trainferry.specs.run import RunRecord, RunState, RunStatus

OWN_HOOKS = frozenset({"settings_model", "configure"})
"""Hooks that each plugin is asked about itself."""

EXTENSION_HOOKS = frozenset({"check", "diagnose", "run_changed", *OWN_HOOKS})
"""Hooks that an extension may implement outright; any other it may only wrap."""


class Backend:
    """One backend plugin, with the extensions around it, behind typed methods.

    Raises PluginError at once if the plugin implements a hook that doesn't exist or asks for an argument that the hook
    doesn't have. A method whose hook the plugin lacks raises CapabilityMissing naming backend and verb.
    """

    def __init__(self, name: str, plugin: object, *, extensions: Mapping[str, object] | None = None) -> None:
        self.name = name
        self.plugin = plugin
        self.extensions = dict(extensions or {})
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._register(name, plugin)
        for extension_name, extension in self.extensions.items():
            self._register(extension_name, extension)
            self._refuse_hijack(extension_name, extension)
        try:
            self._manager.check_pending()
        except PluginValidationError as error:
            raise PluginError(
                f"a plugin of the backend '{name}' implements something that is not a hook: {error}",
                remedy="compare its name with the hooks in the reference; a newer plugin may need a newer core",
            ) from error
        self.capabilities = self._implemented(plugin)

    def _register(self, name: str, plugin: object) -> None:
        try:
            self._manager.register(plugin, name=name)
        except (PluginValidationError, ValueError) as error:
            raise PluginError(
                f"the plugin '{name}' doesn't fit the interface: {error}",
                remedy=f"this core has interface version {hookspecs.INTERFACE_VERSION}; is the plugin made for it?",
            ) from error

    def _implemented(self, plugin: object) -> frozenset[str]:
        callers = self._manager.get_hookcallers(plugin) or []
        return frozenset(caller.name for caller in callers)

    def _refuse_hijack(self, name: str, extension: object) -> None:
        for caller in self._manager.get_hookcallers(extension) or []:
            if caller.name in EXTENSION_HOOKS:
                continue
            mine = [impl for impl in caller.get_hookimpls() if impl.plugin is extension]
            if any(not (impl.wrapper or impl.hookwrapper) for impl in mine):
                raise PluginError(
                    f"the extension '{name}' implements '{caller.name}', which is the backend's to answer",
                    remedy=f"wrap it instead: @hookimpl(wrapper=True) def {caller.name}(...)",
                )

    @property
    def remote(self) -> bool:
        """Whether there is a target beyond this machine that could be asked: prices, quotas or a web page say so."""
        return bool(self.capabilities & {"price", "quota", "portal_url"})

    @property
    def plans_offline(self) -> bool:
        """Whether its `plan` keeps to `site.offline`: it has nothing to ask, or says `plans_offline = True`."""
        return not self.remote or bool(getattr(self.plugin, "plans_offline", False))

    def _call(self, hook: str, /, **arguments: Any) -> Any:
        """Ask the backend for one result; None from it means that it failed to answer, which is its mistake."""
        result = self._ask(hook, **arguments)
        if result is None:
            raise BackendError(
                f"the backend '{self.name}' gave no answer to '{hook}'",
                remedy="this is a mistake in the backend; tell its authors",
            )
        return result

    def _ask(self, hook: str, /, **arguments: Any) -> Any:
        """Ask the backend for one result that may be None, where nothing is known."""
        if hook not in self.capabilities:
            raise CapabilityMissing(self.name, hook)
        if hook in OWN_HOOKS:
            return self._of(self.plugin, hook, **arguments)
        return getattr(self._manager.hook, hook)(**arguments)

    def _of(self, plugin: object, hook: str, /, **arguments: Any) -> Any:
        """Ask one plugin about itself; None if it has no answer. Others take part only by wrapping the backend."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        answering = [one.plugin for one in implementations if not (one.wrapper or one.hookwrapper)]
        if plugin not in answering:
            return None
        others = answering if plugin is self.plugin else [one.plugin for one in implementations]
        return self._manager.subset_hook_caller(hook, [one for one in others if one is not plugin])(**arguments)

    def settings_model(self) -> "type[BaseModel] | None":
        """The pydantic model of the backend's settings; None if it has none."""
        return cast("type[BaseModel] | None", self._of(self.plugin, "settings_model"))

    def configure(self, settings: Mapping[str, Any], site: "Site") -> None:
        """Check the settings against the backend's model and hand them over; ConfigError for unknown or bad ones."""
        checked = checked_settings("backend", self.name, self.settings_model(), settings)
        if "configure" in self.capabilities:
            self._call("configure", settings=checked, site=site)

    def configure_extensions(self, settings: Mapping[str, Mapping[str, Any]], site: "Site") -> None:
        """Do the same for each extension; `settings` holds the table of each by its name."""
        for name, extension in self.extensions.items():
            model = self._of(extension, "settings_model")
            checked = checked_settings("extension", name, model, settings.get(name, {}))
            self._of(extension, "configure", settings=checked, site=site)

    def check(self, job: "Job", site: "Site") -> "list[Finding]":
        """Findings of the backend and of every extension about a job, without leaving this machine."""
        return _flatten(self._manager.hook.check(job=job, site=site))

    def plan(self, job: "Job", run_id: str) -> "Plan":
        """The ordered actions that would run the job; nothing is changed."""
        return cast("Plan", self._call("plan", job=job, run_id=run_id))

    def apply(self, action: "Action", report: Report) -> "ActionResult":
        """Carry out one action of a plan."""
        return cast("ActionResult", self._call("apply", action=action, report=report))

    def poll(self, refs: Sequence[str]) -> "Mapping[str, RunStatus]":
        """The status of each run that the target knows."""
        return cast("Mapping[str, RunStatus]", self._call("poll", refs=refs))

    def read_log(self, ref: str, cursor: str | None) -> "LogChunk":
        """What was logged since `cursor`; RunNotFound if the target doesn't know the run."""
        return cast("LogChunk", self._call("read_log", ref=ref, cursor=cursor))

    def cancel(self, ref: str) -> None:
        """End every process of the run."""
        self._call("cancel", ref=ref)

    def list_files(self, ref: str) -> "Sequence[FileEntry]":
        """The files that the run has written below `outputs/` and `logs/`."""
        return cast("Sequence[FileEntry]", self._call("list_files", ref=ref))

    def fetch(self, ref: str, files: Sequence[str], destination: Path, report: Report) -> Sequence[Path]:
        """Bring files to `destination`; BackendError before anything is written if a name would leave it."""
        for name in files:
            refuse_escape(name)
        return cast("Sequence[Path]", self._call("fetch", ref=ref, files=files, destination=destination, report=report))

    def metrics(self, ref: str) -> Sequence[Mapping[str, float]]:
        """What the run logged, one mapping for each step."""
        return cast("Sequence[Mapping[str, float]]", self._call("metrics", ref=ref))

    def portal_url(self, ref: str) -> str | None:
        """The web page on which the target shows the run; None while it has none."""
        return cast("str | None", self._ask("portal_url", ref=ref))

    def find_runs(self, experiment: str | None = None, run_id: str | None = None) -> "Sequence[FoundRun]":
        """The runs at the target that carry a run id of ours."""
        return cast("Sequence[FoundRun]", self._call("find_runs", experiment=experiment, run_id=run_id))

    def price(self, compute: "ComputeSpec") -> "Price | None":
        """What one node of the compute costs for an hour; None where that isn't known."""
        return cast("Price | None", self._ask("price", compute=compute))

    def quota(self, compute: "ComputeSpec") -> "Quota | None":
        """How much of the compute's family the account may use; None where that isn't known."""
        return cast("Quota | None", self._ask("quota", compute=compute))

    def tear_down(self, resource: str) -> None:
        """Remove a resource that `ferry up` made."""
        self._call("tear_down", resource=resource)

    def rehearsal_rules(self, job: "Job") -> "RehearsalRules":
        """What the target's nodes are like."""
        return cast("RehearsalRules", self._call("rehearsal_rules", job=job))

    def rules(self) -> "Mapping[str, Rule]":
        """What the backend's own findings mean, by their ids."""
        return cast("Mapping[str, Rule]", self._call("rules"))

    def plan_rehearsal(self, job: "Job", run_id: str, rules: "RehearsalRules") -> "Plan":
        """The ordered actions that would run the job here, held to the rules of another target."""
        return cast("Plan", self._call("plan_rehearsal", job=job, run_id=run_id, rules=rules))

    def rehearsal_evidence(self, ref: str) -> "Evidence":
        """What a rehearsal that has ended showed."""
        return cast("Evidence", self._call("rehearsal_evidence", ref=ref))

    def diagnose(self) -> "list[Finding]":
        """What the backend and the extensions miss on this machine or in the account."""
        return _flatten(self._manager.hook.diagnose())

    def run_changed(self, run: "RunRecord", old: "RunState", new: "RunState") -> None:
        """Tell everyone who listens; whatever they raise is logged and goes no further."""
        caller = self._manager.hook.run_changed
        for implementation in caller.get_hookimpls():
            others = [plugin for plugin in self._manager.get_plugins() if plugin is not implementation.plugin]
            try:
                self._manager.subset_hook_caller("run_changed", others)(run=run, old=old, new=new)
            except Exception:
                import logging  # noqa: PLC0415  (only when something went wrong)

                log = logging.getLogger(__name__)
                log.exception("%s failed on run_changed of %s; the run goes on", implementation.plugin_name, run.id)


def checked_settings(
    kind: str, name: str, model: "type[BaseModel] | None", settings: Mapping[str, Any]
) -> "BaseModel | None":
    """The settings of a plugin as its model has them; ConfigError names the first key that doesn't fit."""
    table = "backends" if kind == "backend" else "extension_settings"
    if model is None:
        if settings:
            raise ConfigError(
                f"the {kind} '{name}' has no settings, but got: {', '.join(settings)}",
                remedy="take them out",
                key=f"{table}.{name}",
            )
        return None
    from pydantic import ValidationError  # noqa: PLC0415  (paid already by whoever has settings)

    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        from trainferry.loading.explaining import unfit_setting  # noqa: PLC0415  (only for a mistake)

        first = error.errors()[0]
        key = ".".join(str(part) for part in (table, name, *first["loc"]))
        message, remedy = unfit_setting(first, key, model)
        raise ConfigError(message, remedy=remedy, key=key) from error


def refuse_escape(name: str) -> None:
    """Raise BackendError if a relative file name, as a server gave it, would lead out of the folder it is meant for."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name or ":" in path.parts[0]:
        raise BackendError(f"refused to write {name!r}: it leads out of the destination folder")


def _flatten(results: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for result in results for item in result]
