"""Promise 4, logs: complete and in order; going on from a cursor repeats and loses nothing."""

import pytest

from trainferry.errors import RunNotFound
from trainferry.testing import scripts
from trainferry.testing.kit import Kit


def pieces(kit: Kit, ref: str, cursor: str | None = None) -> list[tuple[str, str]]:
    """The pieces that a log comes in, each with the cursor after it."""
    found = []
    while True:
        chunk = kit.backend.read_log(ref, cursor)
        cursor = chunk.cursor
        found.append((chunk.text, cursor))
        if chunk.finished:
            return found


def numbers(log: str) -> list[int]:
    """The numbers of the kit's lines, in the order of the log."""
    return [int(line.split()[1]) for line in log.splitlines() if line.startswith("kit-line ")]


def test_every_line_is_there_once_and_in_order(kit: Kit, printing_run: str) -> None:
    """Both streams, as they were written: every fifth line went to stderr."""
    found = numbers(kit.log(printing_run))
    assert sorted(found) == list(range(scripts.LINES)), f"{len(found)} lines of {scripts.LINES}"
    assert found == list(range(scripts.LINES)), "the lines are out of order"


def test_characters_beyond_ascii_stay_whole(kit: Kit, printing_run: str) -> None:
    lines = [line for line in kit.log(printing_run).splitlines() if line.startswith("kit-line ")]
    assert {line.split()[2] for line in lines} == {"ü\U0001f600"}


def test_a_long_line_is_not_cut(kit: Kit, printing_run: str) -> None:
    line = next(line for line in kit.log(printing_run).splitlines() if line.startswith("kit-long "))
    assert len(line) == len("kit-long ") + scripts.LONG


def test_an_empty_line_stays(kit: Kit, printing_run: str) -> None:
    lines = kit.log(printing_run).splitlines()
    start = lines.index("kit-gap")
    assert lines[start : start + 3] == ["kit-gap", "", "kit-after-gap"]


def test_a_last_line_without_an_end_is_there(kit: Kit, printing_run: str) -> None:
    assert scripts.LAST in kit.log(printing_run).splitlines()


def test_reading_twice_gives_the_same(kit: Kit, printing_run: str) -> None:
    assert kit.log(printing_run) == kit.log(printing_run, kit.client())


def test_the_pieces_make_the_whole(kit: Kit, printing_run: str) -> None:
    assert "".join(text for text, _ in pieces(kit, printing_run)) == kit.log(printing_run)


def test_going_on_from_any_cursor_repeats_and_loses_nothing(kit: Kit, printing_run: str) -> None:
    whole, read = kit.log(printing_run), ""
    for text, cursor in pieces(kit, printing_run):
        read += text
        assert read + "".join(rest for rest, _ in pieces(kit, printing_run, cursor)) == whole


def test_a_log_that_is_read_to_its_end_is_finished(kit: Kit, printing_run: str) -> None:
    _, cursor = pieces(kit, printing_run)[-1]
    again = kit.backend.read_log(printing_run, cursor)
    assert (again.text, again.finished) == ("", True)


def test_a_log_can_be_read_while_the_run_goes_on(kit: Kit) -> None:
    """And what is read in pieces, over the end of the run, is the whole."""
    ref = kit.submit(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)])).ref
    read: list[str] = []
    cursor: str | None = None
    before_the_end = ""

    def finished() -> bool:
        nonlocal cursor, before_the_end
        chunk = kit.backend.read_log(ref, cursor)
        cursor = chunk.cursor
        read.append(chunk.text)
        if not chunk.finished:
            before_the_end = "".join(read)
        return chunk.finished

    kit.until(finished, f"the log of {ref} to be finished")
    assert "kit-early" in before_the_end, "nothing was to be seen before the run had ended"
    assert "".join(read) == kit.log(ref)
    assert "kit-late" in kit.log(ref)


def test_a_cursor_survives_the_client(kit: Kit) -> None:
    ref = kit.submit(kit.job(scripts.SLOW, arguments=[str(kit.target.slow_seconds)])).ref
    kit.until_log(ref, "kit-early")
    chunk = kit.backend.read_log(ref, None)
    kit.wait(ref)
    rest = kit.second("read_log", ref=ref, cursor=chunk.cursor).answer()
    assert chunk.text + rest == kit.log(ref)


@pytest.mark.parametrize("ref", ["no-such-run", "", "../../etc"])
def test_the_log_of_an_unknown_run_is_an_error_at_once(kit: Kit, ref: str) -> None:
    """Not an empty log, which a client would ask for until the end of days."""
    with pytest.raises(RunNotFound) as caught:
        kit.backend.read_log(ref, None)
    assert caught.value.remedy, "the error doesn't say what to do"


def test_a_failed_run_keeps_its_log(kit: Kit, failing_run: str) -> None:
    assert kit.log(failing_run).splitlines()[-2:] == ["kit-start", "kit-cause: the data is bad"]
