"""The interface: what the plugin states and implements is true, and what it lacks says so."""

import pytest

from trainferry.errors import CapabilityMissing, ConfigError
from trainferry.hookspecs import INTERFACE_VERSION, REQUIRED
from trainferry.specs import Finding, Severity
from trainferry.testing import promises
from trainferry.testing.kit import Kit, digests
from trainferry.testing.requirements import OPTIONAL, ask


def test_the_interface_version_is_stated(kit: Kit) -> None:
    assert getattr(kit.backend.plugin, "interface_version", None) == INTERFACE_VERSION


@pytest.mark.parametrize("hook", REQUIRED)
def test_every_required_hook_is_implemented(kit: Kit, hook: str) -> None:
    assert hook in kit.backend.capabilities


@pytest.mark.parametrize("verb", OPTIONAL)
def test_what_is_not_implemented_says_so(kit: Kit, verb: str) -> None:
    """The mirror of every skip: asking for a missing capability raises, and names backend and verb."""
    if verb in kit.backend.capabilities:
        pytest.skip(f"the backend '{kit.target.name}' implements '{verb}'; other tests try it")
    with pytest.raises(CapabilityMissing) as caught:
        ask(kit.backend, verb)
    assert (caught.value.backend, caught.value.verb) == (kit.target.name, verb)


def test_a_process_of_its_own_finds_the_same_capabilities(kit: Kit) -> None:
    assert kit.second("capabilities").answer() == sorted(kit.backend.capabilities)


def test_configuring_writes_nothing(kit: Kit) -> None:
    site = kit.new_site()
    kit.client(site)
    assert digests(site.home.parent) == {}


def test_a_setting_that_does_not_exist_is_refused(kit: Kit) -> None:
    with pytest.raises(ConfigError, match="no_such_setting"):
        kit.backend.configure({**kit.target.settings, "no_such_setting": 1}, kit.site)


def test_every_setting_says_what_it_is_for(kit: Kit) -> None:
    model = kit.backend.settings_model()
    assert [name for name, field in (model.model_fields if model else {}).items() if not field.description] == []


def test_a_sound_job_has_no_errors(kit: Kit) -> None:
    assert [found for found in kit.backend.check(kit.job(), kit.site) if found.severity is Severity.ERROR] == []


def test_checking_changes_nothing(kit: Kit) -> None:
    job, site = kit.job(), kit.new_site()
    before = digests(job.source_folder)
    kit.client(site).check(job, site)
    assert (digests(site.home), digests(job.source_folder)) == ({}, before)


def test_diagnosing_gives_findings_that_say_what_to_do(kit: Kit) -> None:
    for found in kit.backend.diagnose():
        assert isinstance(found, Finding)
        assert found.remedy or found.severity is Severity.NOTE, f"no remedy: {found}"


def test_a_backend_that_works_diagnoses_no_error(kit: Kit) -> None:
    assert [str(found) for found in kit.backend.diagnose() if found.severity is Severity.ERROR] == []


def test_each_known_failure_names_a_test_of_the_kit(kit: Kit) -> None:
    """A test that was renamed must not leave an excuse behind."""
    names = set(promises.names())
    assert [name for name in kit.target.known_failures if name.partition("[")[0] not in names] == []
