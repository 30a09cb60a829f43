"""ferry completion: completion scripts of shells, made by shtab from the parsers."""

import argparse

from trainferry.cli.completing import WORDS
from trainferry.cli.parser import whole

DESCRIPTION = (
    """Write the completion script of a shell: commands, options, files, the ids of your runs, backends, profiles."""
)
EXAMPLES = [
    ("ferry completion bash > ~/.local/share/bash-completion/completions/ferry", "for bash"),
    ("ferry completion zsh > ~/.zfunc/_ferry", "for zsh, with fpath+=~/.zfunc in ~/.zshrc"),
    ("ferry completion fish > ~/.config/fish/completions/ferry.fish", "for fish"),
]

_BASH = '_ferry_{0}() {{ compgen -W "$(ferry _complete {0} 2>/dev/null)" -- "$1"; }}\n'
_ZSH = '_ferry_{0}() {{ local -a words; words=(${{(f)"$(ferry _complete {0} 2>/dev/null)"}}); compadd -a words; }}\n'
_PREAMBLE = {
    "bash": "".join(map(_BASH.format, WORDS)) + '_ferry_runs_or_files() { _ferry_runs "$1"; compgen -f -- "$1"; }\n',
    "zsh": "".join(map(_ZSH.format, WORDS)) + "_ferry_runs_or_files() { _ferry_runs; _files; }\n",
}
_DESTS = {
    "run": "runs",
    "on": "backends",
    "backend": "backends",
    "names": "backends",
    "backends.name": "backends",
    "profile": "profiles",
    "compare.run": "runs_or_files",
    "plot.run": "runs_or_files",
}
"""What fills an argument, by its name in the parser, or in the parser of one command."""
_FILES, _FOLDERS = frozenset({"job", "output"}), frozenset({"to", "fetch_to"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="which shell")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0."""
    import shtab  # noqa: PLC0415  (for this command only)

    parser = whole()
    for name, command in _commands(parser).items():
        for action in command._actions:  # noqa: SLF001  (argparse has no other way to the arguments of a parser)
            words = _DESTS.get(f"{name}.{action.dest}") or _DESTS.get(action.dest)
            if action.dest in _FILES | _FOLDERS:
                how = shtab.FILE if action.dest in _FILES else shtab.DIRECTORY
                setattr(action, "complete", how)  # noqa: B010  (shtab reads it; argparse doesn't declare it)
            elif words and arguments.shell in _PREAMBLE:
                setattr(action, "complete", dict.fromkeys(_PREAMBLE, f"_ferry_{words}"))  # noqa: B010
    print(shtab.complete(parser, shell=arguments.shell, preamble=_PREAMBLE))  # type: ignore[arg-type]
    return 0


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}
