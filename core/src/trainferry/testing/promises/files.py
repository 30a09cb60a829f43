"""Promise 9, files: fetch writes only below its destination, verifies, and leaves no half file under a final name."""

from contextlib import suppress
from pathlib import Path

import pytest

from trainferry.errors import BackendError, FerryError, RunNotFound
from trainferry.progress import Progress, silent
from trainferry.testing import scripts
from trainferry.testing.kit import Kit, digests
from trainferry.testing.requirements import requires

NAMES = list(scripts.FILES)
MODEL = "outputs/model.bin"


@requires("list_files")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_file_below_outputs_and_logs_is_listed_with_its_size(kit: Kit, writing_run: str, name: str) -> None:
    sizes = {entry.path: entry.size for entry in kit.backend.list_files(writing_run)}
    assert sizes.get(name) == scripts.FILES[name]


@requires("list_files")
def test_nothing_else_is_listed(kit: Kit, writing_run: str) -> None:
    paths = [entry.path for entry in kit.backend.list_files(writing_run)]
    assert [path for path in paths if path.split("/")[0] not in ("outputs", "logs")] == []
    assert len(paths) == len(set(paths))


@requires("list_files")
def test_a_link_out_of_the_run_is_not_listed(kit: Kit, writing_run: str) -> None:
    """A script must not be able to hand out files of the machine that it ran on."""
    paths = {entry.path for entry in kit.backend.list_files(writing_run)}
    assert {path for path in paths if path.startswith("outputs/leak")} == set()


@requires("list_files")
def test_a_file_that_is_here_already_says_where(kit: Kit, writing_run: str) -> None:
    for entry in kit.backend.list_files(writing_run):
        assert entry.local is None or entry.local.stat().st_size == entry.size


@requires("list_files")
def test_the_files_of_an_unknown_run_are_an_error(kit: Kit) -> None:
    with pytest.raises(RunNotFound):
        kit.backend.list_files("no-such-run")


@requires("fetch")
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_arrives_unchanged_under_its_own_path(kit: Kit, writing_run: str, name: str) -> None:
    folder = kit.folder("fetched")
    (home,) = kit.backend.fetch(writing_run, [name], folder, silent)
    assert home == folder / name
    assert home.read_bytes() == scripts.content(name, scripts.FILES[name])


@requires("fetch")
def test_the_answer_is_in_the_order_of_the_question(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("fetched")
    wanted = NAMES[::-1]
    assert list(kit.backend.fetch(writing_run, wanted, folder, silent)) == [folder / name for name in wanted]


@requires("fetch")
def test_nothing_but_the_wanted_files_is_written(kit: Kit, writing_run: str) -> None:
    """Neither beside the destination, nor in it: no half file, no file of notes."""
    folder = kit.folder("around") / "inner" / "destination"
    kit.backend.fetch(writing_run, [MODEL, "outputs/empty.bin"], folder, silent)
    around = digests(folder.parents[1])
    files = {name for name, kind in around.items() if kind != "folder"}
    assert files == {f"inner/destination/{MODEL}", "inner/destination/outputs/empty.bin"}


@requires("fetch")
def test_a_destination_that_is_not_there_is_made(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("new") / "deep" / "er"
    kit.backend.fetch(writing_run, ["logs/own.txt"], folder, silent)
    assert (folder / "logs/own.txt").stat().st_size == scripts.FILES["logs/own.txt"]


@requires("fetch")
@pytest.mark.parametrize("name", ["../escaped.txt", "outputs/../../escaped.txt", "/escaped.txt"])
def test_the_plugin_itself_refuses_a_name_that_leads_out(kit: Kit, writing_run: str, name: str) -> None:
    """The facade does so before; a plugin that trusts names would write what a server tells it to."""
    plugin = kit.client().plugin
    folder = kit.folder("inner") / "destination"
    implementation = plugin.fetch  # type: ignore[attr-defined]
    wanted = {"ref": writing_run, "files": [name], "destination": folder, "report": silent}
    takes = implementation.__code__.co_varnames[: implementation.__code__.co_argcount]
    with pytest.raises(FerryError):
        implementation(**{key: value for key, value in wanted.items() if key in takes})
    assert list(folder.parent.rglob("escaped.txt")) == []


@requires("fetch")
def test_a_link_in_the_destination_is_not_followed(kit: Kit, writing_run: str) -> None:
    outside, folder = kit.folder("outside"), kit.folder("linked")
    (folder / "outputs").symlink_to(outside)
    with suppress(FerryError):
        kit.backend.fetch(writing_run, [MODEL], folder, silent)
    assert digests(outside) == {}


@requires("fetch")
def test_a_file_that_is_damaged_here_is_fetched_anew(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("damaged")
    (home,) = kit.backend.fetch(writing_run, [MODEL], folder, silent)
    home.write_bytes(home.read_bytes()[:1000])
    kit.backend.fetch(writing_run, [MODEL], folder, silent)
    assert home.read_bytes() == scripts.content(MODEL, scripts.FILES[MODEL])


@requires("fetch")
def test_fetching_again_gives_the_same(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("twice")
    first = kit.backend.fetch(writing_run, NAMES, folder, silent)
    before = digests(folder)
    assert list(kit.backend.fetch(writing_run, NAMES, folder, silent)) == list(first)
    assert digests(folder) == before


@requires("fetch")
def test_an_interrupted_fetch_leaves_no_half_file_and_goes_on(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("interrupted")

    def interrupt(_event: Progress) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        kit.backend.fetch(writing_run, NAMES, folder, interrupt)
    check_whole(folder)
    assert len(kit.backend.fetch(writing_run, NAMES, folder, silent)) == len(NAMES)
    check_whole(folder, all_of_them=True)


@requires("fetch")
def test_a_fetch_whose_client_was_killed_goes_on(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("killed")
    kit.second("fetch", ref=writing_run, files=NAMES, destination=str(folder), die_at_event=1).killed()
    check_whole(folder)
    kit.backend.fetch(writing_run, NAMES, folder, silent)
    check_whole(folder, all_of_them=True)


def check_whole(folder: Path, *, all_of_them: bool = False) -> None:
    """Each file under a final name is whole."""
    for name, size in scripts.FILES.items():
        home = folder / name
        if all_of_them or home.exists():
            assert home.read_bytes() == scripts.content(name, size), name


@requires("fetch")
def test_a_file_that_the_run_does_not_have_is_an_error_that_names_it(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("unknown")
    with pytest.raises(BackendError, match="no-such-file"):
        kit.backend.fetch(writing_run, ["outputs/no-such-file"], folder, silent)
    assert digests(folder).keys() <= {"outputs"}


@requires("fetch")
def test_fetching_from_an_unknown_run_is_an_error(kit: Kit) -> None:
    with pytest.raises(RunNotFound):
        kit.backend.fetch("no-such-run", [MODEL], kit.folder("none"), silent)


@requires("fetch")
def test_another_process_can_fetch(kit: Kit, writing_run: str) -> None:
    folder = kit.folder("second")
    homes = kit.second("fetch", ref=writing_run, files=[MODEL], destination=str(folder)).answer()
    assert homes == [str(folder / MODEL)]
    assert (folder / MODEL).stat().st_size == scripts.FILES[MODEL]


@requires("fetch")
def test_a_long_fetch_tells_how_far_it_is(kit: Kit, writing_run: str) -> None:
    events: list[Progress] = []
    kit.backend.fetch(writing_run, NAMES, kit.folder("told"), events.append)
    assert events
    assert all(event.total is None or event.done <= event.total for event in events)
