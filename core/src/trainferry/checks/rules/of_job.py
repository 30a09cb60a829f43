"""The rules about what the job says, its arguments included."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import LIKELY, E, N, Rule, W

RULES: Mapping[str, Rule] = {
    "argument-bool": Rule(
        W,
        "An option of type bool is given a word for false",
        "argparse turns any text but the empty one into True, so that the run does the opposite of what was asked.",
        "In the script, use action=argparse.BooleanOptionalAction; in the job, --name or --no-name.",
        example='parser.add_argument("--augment", type=bool)   # with arguments: [--augment, "false"]',
    ),
    "argument-missing": Rule(
        E,
        "An argument that the script requires is not given",
        "The script would end with exit code 2 as soon as it starts, after the queue and the set-up.",
        "Add it to arguments in the job file.",
        example='parser.add_argument("--data", required=True)   # with arguments: []',
    ),
    "argument-too-long": Rule(
        E,
        "An argument or a variable is longer than Linux takes",
        "The script would not start: 'Argument list too long'. One argument, or a variable with its name and the equals"
        " sign, may have 131,071 bytes: 32 memory pages of 4 KiB with the byte that ends it (MAX_ARG_STRLEN in the"
        " Linux manual, execve(2)).",
        "Write the text to a file in the source folder, and give the script the file's name.",
        example='arguments: [--config, "{... 200 kB of JSON ...}"]',
    ),
    "argument-shell": Rule(
        W,
        "An argument holds what only a shell would replace",
        "Arguments arrive exactly as written, without a shell; the script sees the sign and the name.",
        "Write the value itself, or read the variable in the script: os.environ.",
        example='arguments: [--data, "$DATA_DIR/train"]',
        confidence=LIKELY,
    ),
    "argument-two-in-one": Rule(
        W,
        "One list item holds an option and its value",
        "Arguments arrive exactly as written, without a shell; the script sees one argument with a space in it.",
        "Write two items: the option, and its value.",
        example='arguments: ["--epochs 10"]',
    ),
    "argument-unknown": Rule(
        E,
        "The script has no such option",
        "The script would end with exit code 2 as soon as it starts, after the queue and the set-up.",
        "Correct the name, or add the option to the script.",
        example="arguments: [--epohcs, 10]",
    ),
    "argument-value": Rule(
        E,
        "The script refuses the value of an option",
        "argparse checks types and choices; the script would end with exit code 2 as soon as it starts.",
        "Give a value of the type, or one of the choices, that the script asks for.",
        example="arguments: [--epochs, 3.0]   # with type=int",
    ),
    "no-timeout": Rule(
        N,
        "The job has no timeout",
        "A script that hangs keeps its machine, and is paid for, until somebody looks.",
        "Give it a generous one, such as timeout: 2h.",
        example="a job file without timeout:",
    ),
    "placeholder-misplaced": Rule(
        W,
        "A placeholder stands where none is replaced",
        "Only arguments have ${{ ... }} replaced; here the script would see it literally.",
        "Pass the path on as an argument.",
        example='tags: {data: "${{ datasets.images }}"}',
    ),
    "placeholder-unclosed": Rule(
        E,
        "A placeholder is not closed",
        "The script would see it literally, as a path that is not there.",
        "Close it with two braces: ${{ datasets.NAME }}.",
        example='arguments: ["${{ datasets.images"]',
    ),
    "placeholder-unknown": Rule(
        E,
        "A placeholder names nothing that there is",
        "There is no path to put in its place.",
        "Name one of the job's datasets: ${{ datasets.NAME }}.",
        example='arguments: ["${{ datasets.imges }}"]',
    ),
    "python-unquoted": Rule(
        W,
        "A Python version is written without quotes",
        "YAML reads 3.10 as the number 3.1; Trainferry doesn't, other tools do.",
        'Put it in quotes: python: "3.10".',
        example="python: 3.10",
    ),
    "argument-path": Rule(
        E,
        "An argument is a path of this machine",
        "It isn't there when the job runs elsewhere.",
        "Write ${{ datasets.NAME }}, which becomes the path that it has there.",
        example='arguments: [--data, "C:\\\\Users\\\\me\\\\data"]',
    ),
    "nodes-too-many": Rule(
        E,
        "The job takes more nodes than its cluster has",
        "It would wait for ever.",
        "Raise compute.max_nodes, or take fewer nodes.",
        example="compute: {max_nodes: 2}, distribution: {kind: tensorflow, nodes: 4}",
    ),
    "secret-in-job": Rule(
        W,
        "A secret stands in the job file",
        "The job is stored with the run, where everybody who sees the run can read it.",
        "Take it from the target's key vault, or from a variable that is set there.",
        example="environment: {variables: {WANDB_API_KEY: 0123456789abcdef}}",
        confidence=LIKELY,
    ),
    "timeout-low": Rule(
        W,
        "The timeout is very short",
        "It is a number of seconds; a job spends a minute on imports alone.",
        "Write the unit: 30m, 2h.",
        example="timeout: 30",
        confidence=LIKELY,
    ),
    "variable-name": Rule(
        E,
        "A variable has a name that no system takes",
        "Letters, digits and underscores only, and no digit first.",
        "Rename it.",
        example="environment: {variables: {my-key: x}}",
    ),
}
