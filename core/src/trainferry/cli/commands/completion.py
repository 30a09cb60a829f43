"""ferry completion: completion scripts of shells, made by shtab from the parsers."""

import argparse

from trainferry.cli.parser import whole

DESCRIPTION = """Write the completion script of a shell: commands, options, job files, and the ids of your runs."""
EXAMPLES = [
    ("ferry completion bash > ~/.local/share/bash-completion/completions/ferry", "for bash"),
    ("ferry completion zsh > ~/.zfunc/_ferry", "for zsh, with fpath+=~/.zfunc in ~/.zshrc"),
    ("ferry completion fish > ~/.config/fish/completions/ferry.fish", "for fish"),
]

_PREAMBLE = {
    "bash": '_ferry_runs() { compgen -W "$(ferry _complete runs 2>/dev/null)" -- "$1"; }\n',
    "zsh": '_ferry_runs() { local -a ids; ids=(${(f)"$(ferry _complete runs 2>/dev/null)"}); compadd -a ids; }\n',
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="which shell")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0."""
    import shtab  # noqa: PLC0415  (for this command only)

    parser = whole()
    for command in _commands(parser):
        for action in command._actions:  # noqa: SLF001  (argparse has no other way to the arguments of a parser)
            if action.dest == "job":
                setattr(action, "complete", shtab.FILE)  # noqa: B010  (shtab reads it; argparse doesn't declare it)
            elif action.dest == "run" and arguments.shell in _PREAMBLE:
                setattr(action, "complete", dict.fromkeys(_PREAMBLE, "_ferry_runs"))  # noqa: B010
    print(shtab.complete(parser, shell=arguments.shell, preamble=_PREAMBLE))  # type: ignore[arg-type]
    return 0


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return list(action.choices.values())
    return []
