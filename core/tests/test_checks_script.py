"""The checks of the script against the job's arguments: what argparse would refuse, and no false alarm."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainferry import Finding, Job
from trainferry.checks import run_checks
from trainferry.site import Site

SCRIPT = """\
import argparse
from pathlib import Path

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-path", type=Path, required=True, help="100% of it")
    parser.add_argument("--epochs", "-e", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--augment", type=bool, default=True)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    group = parser.add_argument_group("more")
    group.add_argument("--sizes", nargs="+", type=int)
    group.add_argument("--cache", action=argparse.BooleanOptionalAction)
    group.add_argument("-v", "--verbose", action="count")
    return parser.parse_args()

if __name__ == "__main__":
    print(main())
"""


def check(folder: Path, script: str, arguments: list[str], **more: object) -> list[Finding]:
    """What is found about a script that is given these arguments."""
    (folder / "train.py").write_text(script)
    job = Job.model_validate({"name": "a", "script": "train.py", "arguments": arguments, "timeout": 60, **more})
    (folder / "job.yaml").write_text(job.dumps())
    return run_checks(Job.load(folder / "job.yaml"), Site(folder, folder))


def told(found: list[Finding]) -> list[str]:
    """Each finding as `rule line: message | remedy`."""
    return [f"{f.id} {f.line}: {f.message} | {f.remedy}" for f in found]


GIVEN = ["--data-path", "/d"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([*GIVEN, "--epoch", "3"], []),
        ([*GIVEN, "--epochs=3", "-e3", "-e", "4", "-vv"], []),
        ([*GIVEN, "--rate", "-1", "--sizes", "64", "32", "--no-cache"], []),
        ([*GIVEN, "--augment", "True"], []),
        ([*GIVEN, "--augment", ""], []),
        (
            [*GIVEN, "--epohcs", "3"],
            ["argument-unknown 6: train.py has no option --epohcs | did you mean --epochs?"],
        ),
        (
            [*GIVEN, "--zzz"],
            ["argument-unknown 6: train.py has no option --zzz | options of the script: --data-path, "],
        ),
        ([*GIVEN, "stray"], ["argument-unknown 6: train.py has no place for the argument stray | "]),
        (["--epochs", "3"], ["argument-missing 3: train.py requires --data-path, which the job doesn't give | add to"]),
        (["--datapath", "/d"], ["argument-unknown 4: train.py has no option --datapath | did you mean --data-path?"]),
        ([*GIVEN, "-e", "3.0"], ["argument-value 6: train.py would refuse -e: invalid int value: '3.0' | write 3"]),
        ([*GIVEN, "--epochs", "1e3"], ["train.py would refuse --epochs: invalid int value: '1e3' | write 1000"]),
        ([*GIVEN, "--epochs=2.5"], ["invalid int value: '2.5' | write a whole number"]),
        ([*GIVEN, "--rate", "None"], ["invalid float value: 'None' | write a number"]),
        ([*GIVEN, "--sizes", "64 32"], ["train.py would refuse --sizes: invalid int value: '64 32'"]),
        ([*GIVEN, "--optimizer", "rms"], ["train.py would refuse --optimizer: invalid choice: 'rms'"]),
        ([*GIVEN, "--epochs"], ["train.py would refuse --epochs: expected one argument | give the value as the next"]),
        ([*GIVEN, "--verbose=3"], ["train.py would refuse --verbose: ignored explicit argument '3'"]),
        (
            [*GIVEN, "--help"],
            ["argument-value 3: train.py would refuse its arguments: it would print its help and end"],
        ),
        (
            [*GIVEN, "--augment", "False"],
            ["argument-bool 6: --augment has type=bool, for which 'False' is True, as any text but the empty one | "],
        ),
        ([*GIVEN, "--augment=0"], ["argument-bool 6: --augment has type=bool"]),
    ],
)
def test_what_the_parser_would_say(tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    found = told(check(tmp_path, SCRIPT, arguments))
    assert len(found) == len(expected), found
    for text, part in zip(found, expected, strict=True):
        assert part in text


def test_a_placeholder_is_as_good_as_its_path(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    arguments = ["--data-path", "${{ datasets.d }}"]
    assert told(check(tmp_path, SCRIPT, arguments, datasets={"d": {"path": "d"}})) == []


UNCLEAR = {
    "another parser": "import argparse\np = argparse.ArgumentParser()\nq = argparse.ArgumentParser()\np.parse_args()\n",
    "made in a loop": "import argparse\np = argparse.ArgumentParser()\n"
    "for n in 'ab':\n    p.add_argument('--' + n)\np.parse_args()\n",
    "made on a condition": "import argparse, os\np = argparse.ArgumentParser()\n"
    "if os.name:\n    p.add_argument('--a')\np.parse_args()\n",
    "handed on": "import argparse\np = argparse.ArgumentParser()\nadd_common(p)\np.parse_args()\n",
    "returned": "import argparse\ndef make():\n    p = argparse.ArgumentParser()\n    return p\nmake().parse_args()\n",
    "subcommands": "import argparse\np = argparse.ArgumentParser()\ns = p.add_subparsers()\np.parse_args()\n",
    "takes what it knows": "import argparse\np = argparse.ArgumentParser()\np.parse_known_args()\n",
    "own list": "import argparse\np = argparse.ArgumentParser()\np.parse_args(['--a'])\n",
    "reads argv too": "import argparse, sys\nprint(sys.argv)\np = argparse.ArgumentParser()\np.parse_args()\n",
    "parents": "import argparse\np = argparse.ArgumentParser(parents=[q])\np.parse_args()\n",
    "reads files": "import argparse\np = argparse.ArgumentParser(fromfile_prefix_chars='@')\np.parse_args()\n",
    "name not constant": "import argparse\np = argparse.ArgumentParser()\np.add_argument(NAME)\np.parse_args()\n",
    "options not constant": "import argparse\np = argparse.ArgumentParser()\n"
    "p.add_argument('--a', **more)\np.parse_args()\n",
    "own action": "import argparse\np = argparse.ArgumentParser()\n"
    "p.add_argument('--a', action=Mine)\np.parse_args()\n",
    "never parsed": "import argparse\np = argparse.ArgumentParser()\np.add_argument('--a')\n",
    "in an object": "import argparse\nclass A:\n    p = 1\n"
    "a = A()\na.p = argparse.ArgumentParser()\na.p.parse_args()\n",
    "given an own list": "import argparse\ndef read(argv=None):\n    p = argparse.ArgumentParser()\n"
    "    return p.parse_args(argv)\nread(['--a'])\n",
    "never called": "import argparse\ndef read(argv):\n    p = argparse.ArgumentParser()\n    p.parse_args(argv)\n",
    "adder in a loop": "import argparse\np = argparse.ArgumentParser()\nadd = p.add_argument\n"
    "for n in 'ab':\n    add('--' + n)\np.parse_args()\n",
    "adder handed on": "import argparse\np = argparse.ArgumentParser()\nadd = p.add_argument\n"
    "more(add)\np.parse_args()\n",
    "no parser": "print('hi')\n",
    "another library": "import click\n@click.command()\n@click.option('--a')\ndef main(a): ...\n",
}


@pytest.mark.parametrize("script", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_where_the_parser_is_not_clear_nothing_is_said(tmp_path: Path, script: str) -> None:
    found = told(check(tmp_path, script, ["--zzz", "1"]))
    # Whether the library is installed beside the core is another question.
    assert [one for one in found if not one.startswith("package-missing")] == []


CLEAR = {
    "in main": "def main():\n    p = argparse.ArgumentParser()\n"
    "    p.add_argument('--a')\n    p.parse_args()\nmain()\n",
    "under the guard": "if __name__ == '__main__':\n    p = argparse.ArgumentParser()\n    p.parse_args()\n",
    "given by a function": "def read(argv=None):\n    p = argparse.ArgumentParser()\n"
    "    add = p.add_argument\n    add('--a')\n    return p.parse_args(argv)\n\n"
    "def main(argv=None):\n    return read(argv)\nmain(sys.argv[1:])\n",
    "sys.argv": "p = argparse.ArgumentParser()\np.parse_args(args=sys.argv[1:])\n",
    "groups": "p = argparse.ArgumentParser()\ng = p.add_mutually_exclusive_group()\n"
    "g.add_argument('--a')\np.add_argument_group('x').add_argument('--b')\np.parse_args()\n",
}


@pytest.mark.parametrize("script", CLEAR.values(), ids=CLEAR.keys())
def test_where_the_parser_is_clear_an_unknown_option_is_found(tmp_path: Path, script: str) -> None:
    (found,) = told(check(tmp_path, "import argparse, sys\n" + script, ["--zzz", "1"]))
    assert "argument-unknown 4: train.py has no option --zzz" in found


def test_a_type_of_the_scripts_own_leaves_the_choices_to_it(tmp_path: Path) -> None:
    script = "import argparse\np = argparse.ArgumentParser()\n"
    script += "p.add_argument('--a', type=str.lower, choices=['x'])\np.add_argument('--b', choices=ALL)\n"
    script += "p.parse_args()\n"
    assert told(check(tmp_path, script, ["--a", "X", "--b", "y"])) == []


def test_without_abbreviations_a_short_form_is_unknown(tmp_path: Path) -> None:
    script = (
        "import argparse\np = argparse.ArgumentParser(allow_abbrev=False)\np.add_argument('--epochs')\np.parse_args()"
    )
    (found,) = told(check(tmp_path, script, ["--epoch", "1"]))
    assert "has no option --epoch | did you mean --epochs?" in found


ARGUMENT = st.sampled_from(
    [
        *("--data-path", "--data", "-d", "--epochs", "--epoch", "-e", "--rate", "--optimizer", "--sizes", "--cache"),
        *("-v", "--no-cache", "3", "-3", "3.0", "-1e-3", "adam", "x", "", "a b", "--epochs=3", "--rate=", "-e5", "--"),
    ]
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arguments=st.lists(ARGUMENT, max_size=5).map(lambda rest: [*GIVEN, *rest]))
def test_the_verdict_is_that_of_the_script_itself(arguments: list[str], tmp_path: Path) -> None:
    found = check(tmp_path, SCRIPT, arguments)
    command = [sys.executable, "-S", "-E", str(tmp_path / "train.py"), *arguments]
    code = subprocess.run(command, capture_output=True, check=False).returncode
    assert any(f.severity == "error" for f in found) == (code != 0), told(found)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("def f(:\n", "script-syntax 1: not valid Python: "),
        ("x = 1\n  y = 2\n", "script-syntax 2: not valid Python: unexpected indent"),
        ("print 'a'\n", "script-syntax 1: not valid Python: Missing parentheses in call to 'print'"),
        ("x = '\0'\n", "script-syntax None: not valid Python: source code string cannot contain null bytes"),
    ],
)
def test_a_script_that_is_no_python(tmp_path: Path, script: str, expected: str) -> None:
    (found,) = check(tmp_path, script, [])
    assert expected in told([found])[0] or (found.id == "script-syntax" and "null bytes" in found.message)
    assert found.severity == "error"
    assert str(found.file).endswith("train.py")


def test_syntax_of_a_newer_python_is_only_doubtful(tmp_path: Path) -> None:
    (found,) = check(tmp_path, "x = = 1\n", [], environment={"python": "3.99"})
    assert found.severity == "warning"
    assert "the job runs with 3.99" in found.message


@pytest.mark.parametrize("script", ["x = '\\d'\n", "# -*- coding: latin-1 -*-\n", "(" * 500 + ")" * 500, ""])
def test_scripts_that_only_look_odd_are_left_alone(tmp_path: Path, script: str) -> None:
    """An escape that means nothing, another encoding, deep nesting, nothing at all."""
    found = [finding for finding in check(tmp_path, script, []) if "too many nested" not in finding.message]
    assert told(found) == []


def test_a_script_of_megabytes_is_not_read(tmp_path: Path) -> None:
    assert told(check(tmp_path, "x = = 1\n" + "#" * 2_000_000, [])) == []


def test_what_the_script_does_is_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    script = f"open({str(trace)!r}, 'w')\n" + SCRIPT
    check(tmp_path, script, GIVEN)
    assert not trace.exists()
