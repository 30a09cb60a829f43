"""Job files with mistakes: each gets its place, what is wrong in plain words, and what to write instead."""

import os
from pathlib import Path

import pytest

from trainferry import Job
from trainferry.errors import FerryError, JobFileError
from trainferry.loading.reading import LARGEST

HEAD = "name: a\nscript: a.py\n"


def problems_of(text: str | bytes, folder: Path) -> list[FerryError]:
    """Load a job file of this content, which must fail, and return its problems."""
    path = folder / "job.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(JobFileError) as caught:
        Job.load(path)
    assert all(problem.where and problem.where.file == str(path) for problem in caught.value.problems)
    return caught.value.problems


def only(text: str | bytes, folder: Path) -> str:
    """The one problem of a job file as `line:column: message | remedy`."""
    (problem,) = problems_of(text, folder)
    assert problem.where
    place = f"{problem.where.line}:{problem.where.column}: " if problem.where.line else ""
    return f"{place}{problem.message} | {problem.remedy}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("environment:\n\tpython: '3.11'\n", "4:1: a tab where YAML wants spaces | use spaces to indent"),
        ("tags:\n  \ta: b\n  c: d\n", "a tab where YAML wants spaces"),
        ("name: b\n", "3:1: the key 'name' stands here for the second time; the first is on line 1 | keep one"),
        ("tags: {a: 1, b: 2, a: 3}\n", "3:20: the key 'a' stands here for the second time; the first is on line 3"),
        ("tags: {a: b\n", "is not closed before this, with '}'"),
        ("arguments: [a\ntags: {}\n", "is not closed before this, with ']'"),
        (
            "arguments: [a, ${{ datasets.x }}]\n",
            'must be in quotes: YAML takes its braces for a table | write it like "$',
        ),
        ("description: 'x\n", "3:14: this quote is never closed"),
        ('description: "C:\\users"\n', "a backslash that means nothing inside double quotes | use single quotes"),
        ("description: @x\n", "3:14: a value can't start with @ | put the whole value in quotes"),
        ("description: a: b\n", "a second ': ' in one value | put the value in quotes"),
        ("metrics:x\ntags: {}\n", "the line above, 'metrics:x', lacks the space after its colon"),
        ("arguments: - a\n", "a list can't start on the line of its key"),
        ("- a\n", "fits nothing before it | check its indentation"),
        ("---\nname: b\n", "a second document starts here | keep one job to a file"),
        ("description: *x\n", "3:14: *x refers to nothing: there is no &x before it | text that starts with * goes in"),
        ("tags: &x {a: *x}\n", "*x stands inside itself"),
        ("description: !!python/object/apply:os.system [id]\n", "the tag !!python/object/apply:os.system is refused"),
        ("tags: !secret {a: b}\n", "the tag !secret is refused: a job file holds plain values only"),
        ("tags: {[a]: b}\n", "a key must be plain text"),
        ("tags: {<<: 3}\n", "<< takes a table | write it like <<: *NAME"),
        ("description: '" + "{" * 50 + "'\ntags: " + "[" * 50 + "]" * 50 + "\n", "nested more than 40 levels deep"),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    assert told in only(HEAD + text, tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmae: b\n", "3:1: unknown key 'nmae' | did you mean 'name'?"),
        ("args: [a]\n", "unknown key 'args' | did you mean 'arguments'?"),
        ("inputs: {}\n", "unknown key 'inputs' | did you mean 'datasets'?"),
        ("env: current\n", "unknown key 'env' | did you mean 'environment'?"),
        ("pip: [a]\n", "unknown key 'pip' | did you mean environment.pip? It belongs inside the table 'environment'"),
        ("vm_size: a\n", "did you mean compute.size?"),
        ("environment: {timeout: 1}\n", "unknown key 'timeout' in environment | 'timeout' belongs at the top"),
        ("environment: {requirements: requirements.txt}\n", "list the packages themselves under environment.pip"),
        ("environment: {requirments: x}\n", "unknown key 'requirments' in environment | did you mean 'pip'?"),
        ("compute: {prority: low}\n", "unknown key 'prority' in compute | did you mean 'priority'?"),
        ("command: python a.py\n", "script names the Python file and arguments lists what is passed"),
        ("backend: local\n", "with --on NAME"),
        ("qwxz: 1\n", "unknown key 'qwxz' | keys known here: name, experiment, description"),
        ("backends: {azureml: {compute: {priorty: low}}}\n", "3:32: unknown key 'priorty' in backends.azureml.compute"),
        ("backends: {azureml: {backends: {}}}\n", "backends.azureml can't hold backends again | take it out"),
        ("backends: {azureml: }\n", "3:12: backends.azureml must be a table of the job's own keys"),
        ("datasets: {d: {path: x, mode: muont}}\n", "datasets.d.mode can't be 'muont' | did you mean 'mount'?"),
        ("compute: {priority: 7}\n", "compute.priority can't be '7' | write one of: dedicated, low"),
        ("distribution: {kind: torch}\n", "distribution.kind can't be 'torch' | did you mean 'pytorch'?"),
        ("distribution: {nodes: 2}\n", "3:1: 'kind' is missing in distribution | add kind: tensorflow"),
    ],
)
def test_a_wrong_key_or_word_is_told_with_what_was_meant(tmp_path: Path, text: str, told: str) -> None:
    assert told in only(HEAD + text, tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('arguments: --epochs 10 --name "a b"\n', 'as a list: ["--epochs", "10", "--name", "a b"]'),
        ("arguments: [--a: 1]\n", 'arguments[1] must be text, but this is a table | write two items: "--a" and "1"'),
        ("arguments: [a, ~]\n", "3:16: ~ under 'arguments' is no text that a script could be given | write \"\""),
        ("arguments:\n  - a\n  -\n", "5:4: nothing under 'arguments' is no text that a script could be given"),
        ("tags: {a: null}\n", "null under 'tags' is no text"),
        ("environment: {variables: {A: }}\n", "nothing under 'variables' is no text"),
        ("backends: {b: {arguments: [null]}}\n", "null under 'arguments' is no text"),
        ("datasets: [data]\n", "give each dataset a name: datasets: {images: {path: data}}"),
        (
            "datasets: {d: data}\n",
            "datasets.d must be a table, but this is text | write it as a table: d: {path: data}",
        ),
        ("datasets: {d: {}}\n", "give exactly one of path, name and uri (found: none of them)"),
        ("datasets: {d: {path: a, uri: x://y}}\n", "give exactly one of path, name and uri (found: path and uri)"),
        ("datasets: {d: {uri: here}}\n", "datasets.d.uri can't be 'here' | write an address"),
        ("datasets: {'a b': {path: x}}\n", "'a b' can't name a dataset"),
        ("environment: requirements.txt\n", "the packages themselves go under environment.pip"),
        ("environment: tf2\n", "'tf2' is not an environment; write current, or a table with python and pip"),
        (
            "environment: {pip: pillow}\n",
            "environment.pip must be a list, but this is text | write it as a list: pip: [",
        ),
        ("environment: {pip: [-r reqs.txt]}\n", "'-r reqs.txt' is an option of pip, not a package"),
        ("environment: {python: 3}\n", "environment.python can't be '3' | write a version such as \"3.11\""),
        ("environment: {current: yes}\n", "environment.current must be true or false, but YAML reads yes as text"),
        (
            "compute: {max_nodes: 1e1}\n",
            "compute.max_nodes must be a whole number, but YAML reads 1e1 as text | write 10",
        ),
        ("compute: {idle_seconds: 1_200}\n", "YAML reads 1_200 as text | write 1200"),
        ("compute: {max_nodes: '10'}\n", "must be a whole number, but '10' is text | write 10"),
        ("compute: {max_nodes: true}\n", "compute.max_nodes must be a whole number, but this is a truth value"),
        ("compute: {max_nodes: 1.5}\n", "compute.max_nodes must be a whole number"),
        ("compute: {max_nodes: 0}\n", "compute.max_nodes is 0, but must be at least 1"),
        ("compute: {max_nodes: }\n", "compute.max_nodes has no value"),
        ("compute: {min_nodes: 3, max_nodes: 2}\n", "min_nodes (3) is more than max_nodes (2)"),
        ("compute: {size: 4}\n", 'compute.size must be text, but YAML reads 4 as a number | put it in quotes: "4"'),
        ("compute: big\n", "write it as a table: compute: {name: big}"),
        ("description: true\n", 'YAML reads true as a truth value | put it in quotes: "true"'),
        ("timeout: 1e3\n", "'1e3' is not a duration; write it like 2h, 90m, 1h30m or 45s | write 1000"),
        ("timeout: 1:30\n", "'1:30' is not a duration"),
        ("timeout: true\n", "true is not a duration"),
        ("timeout: 0\n", "timeout is 0, but must be more than 0"),
        ("metrics: ''\n", "metrics is empty"),
        ('arguments: [a, "b\\0"]\n', "3:16: a text with a NUL byte can't be given to any script; take it out"),
        ('environment: {variables: {A: "\\0"}}\n', "3:27: a text with a NUL byte can't be given to any script"),
        ("environment: {variables: {A=B: x}}\n", "3:15: 'A=B' can't name a variable; write NAME: value, with no ="),
        ("environment: {variables: {'': x}}\n", "3:15: '' can't name a variable"),
    ],
)
def test_a_wrong_value_is_told_with_what_to_write(tmp_path: Path, text: str, told: str) -> None:
    assert told in only(HEAD + text, tmp_path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the job file is empty | 'ferry init' writes"),
        (b"# only a comment\n\n", "the job file is empty"),
        (b"---\n", "2:1: a job file is a table of keys such as name, script and arguments"),
        (b"just text\n", "1:1: a job file is a table of keys"),
        (b"- name: a\n", "1:1: a job file is a table of keys"),
        (b"name: a\nscript: \xff.py\n", "2:9: not UTF-8: the byte 0xff at offset 16 begins no character | save it as"),
        ("name: a\n".encode("utf-16"), "the job file is UTF-16, not UTF-8 | save it as UTF-8"),
        ("name: a\n".encode("utf-32"), "the job file is UTF-32, not UTF-8"),
        (b"name: a\ntags: {a: \x00}\n", "2:11: the character U+0000 can't stand in a job file"),
        (b"script: a.py\nname: /a\n", "2:1: name can't be '/a' | a name has letters, digits"),
        (b"name: a\n", "1:1: 'script' is missing | add script: train.py"),
    ],
)
def test_a_file_that_is_no_job_at_all_is_told_so(tmp_path: Path, data: bytes, told: str) -> None:
    assert told in only(data, tmp_path)


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "name: 2024\ncompute: {max_nodes: 0}\ntags: {a: 1, a: 2}\nscrpit: a.py\narguments: [null]\n"
    problems = problems_of(text, tmp_path)
    places = [problem.where.line for problem in problems if problem.where]
    assert places == [1, 1, 2, 3, 4, 5]
    with pytest.raises(JobFileError) as caught:
        Job.load(tmp_path / "job.yaml")
    assert str(caught.value).count(str(tmp_path / "job.yaml")) == 6
    assert caught.value.message == problems[0].message


def test_the_parts_of_all_backends_are_checked(tmp_path: Path) -> None:
    text = HEAD + "backends:\n  a: {timeout: x}\n  b: {compute: {max_nodes: 0}}\n"
    assert [problem.where.line for problem in problems_of(text, tmp_path) if problem.where] == [4, 5]


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path: Path) -> None:
    text = (HEAD + "description: " + "x" * 10_000_000).encode()
    assert "is larger than 1 MB, which no job file is | is this the right file?" in only(text, tmp_path)
    inside = HEAD.encode() + b"# " + b"x" * (LARGEST - len(HEAD) - 2)
    (tmp_path / "job.yaml").write_bytes(inside)
    assert Job.load(tmp_path / "job.yaml").name == "a"


def bomb(levels: int) -> str:
    """A list of nine aliases, of nine aliases, and so on."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "tags:\n  " + "\n  ".join(rows) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        bomb(30),
        "tags:\n  a0: &a0 [x]\n" + "".join(f"  a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000)),
        "tags:\n  m0: &m0 {k: v}\n" + "".join(f"  m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 60)),
    ],
    ids=["wide", "deep", "merged"],
)
def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path, text: str) -> None:
    assert "the aliases of this file would grow to more than 10000 values or 40 levels" in only(HEAD + text, tmp_path)


@pytest.mark.parametrize("text", ["[" * 500_000, "- " * 400_000, "{a: " * 200_000, "? " * 400_000])
def test_endless_nesting_is_refused_and_crashes_nothing(tmp_path: Path, text: str) -> None:
    assert "nested more than 40 levels deep" in only(text, tmp_path)


def test_a_missing_file_a_folder_and_an_unreadable_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(HEAD)
    with pytest.raises(JobFileError, match=r"jbo.yaml: there is no such job file\n  did you mean .*job.yaml\?"):
        Job.load(tmp_path / "jbo.yaml")
    with pytest.raises(JobFileError, match=r"there is no such job file\n  found there: job.yaml"):
        Job.load(tmp_path / "quite-different")
    with pytest.raises(JobFileError, match=r"there is no such job file\n  the folder .*nowhere is not there either"):
        Job.load(tmp_path / "nowhere" / "job.yaml")
    with pytest.raises(JobFileError, match=r"this is a folder, not a job file\n  did you mean .*job.yaml\?"):
        Job.load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(JobFileError, match=r"there is no such job file\n  'ferry init' writes"):
        Job.load(tmp_path / "empty" / "job.yaml")
    with pytest.raises(JobFileError, match="can't read the job file: Not a directory"):
        Job.load(tmp_path / "job.yaml" / "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_an_unreadable_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(HEAD)
    (tmp_path / "job.yaml").chmod(0)
    with pytest.raises(JobFileError, match="can't read the job file: Permission denied"):
        Job.load(tmp_path / "job.yaml")


def test_text_after_the_job_file_is_never_run(tmp_path: Path) -> None:
    """The classic attack on a YAML loader leaves no trace."""
    trace = tmp_path / "trace"
    text = HEAD + f"tags: {{a: !!python/object/apply:os.mkdir ['{trace}']}}\n"
    assert "is refused" in only(text, tmp_path)
    assert not trace.exists()
