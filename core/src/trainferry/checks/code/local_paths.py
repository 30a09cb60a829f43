"""Paths that exist on one laptop only: drives of Windows, home folders, mounts of other services."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module, shown
from trainferry.checks.code.reading import path_of, searched_folder
from trainferry.checks.code.sinks import writes
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, N, W
from trainferry.errors import Location
from trainferry.specs.finding import Finding

_DRIVE = re.compile(r"[A-Za-z]:(\\(?![ntrbfav0'\"]$)|/(?!/))[^\n\"<>|*?]*")
_SHARE = re.compile(r"\\\\[\w.-]+\\[\w$.-]+.*")
_HOME = re.compile(r"(/home|/Users|/root|/mnt/[a-z]|/Volumes|/run/media|/media|/content|/kaggle)(/[^\n]*)?")
_TILDE = re.compile(r"~[\w.-]*/[^\n]+")
_NOT_HOMES = ("/mnt/batch", "/mnt/azureml", "/home/azureuser", "/root/.cache", "/root/.keras")
_OF_LINUX = frozenset(
    {"tmp", "var", "dev", "proc", "sys", "etc", "usr", "opt", "bin", "lib", "run", "azureml-envs", "outputs"}
)
"""Folders at the root that a node has, too."""
_SPEAKS = frozenset({"print", "add_parser", "ArgumentParser", "warn", "info", "debug", "warning", "error", "exit"})
_SETTINGS = (".json", ".yaml", ".yml", ".toml", ".ini", ".cfg")
_LARGEST = 64_000
"""Bytes of a file of settings; a larger one holds data."""
_ENTRY = re.compile(r"""^[\s{,-]*["']?[\w.-]+["']?\s*[:=]\s*["']?(?P<value>[^"'#,}]+)["']?[,}\s]*$""")
"""A line with a name and a value, in any of these formats."""
_PLATFORM = re.compile(r"platform\.system|sys\.platform|os\.name|COLAB|colab|KAGGLE|kaggle|exists|isdir|isfile|is_dir")


def check(context: Context) -> Iterator[Finding]:
    """Constants that are a path of one machine, at the place where they stand."""
    yield from _settings_files(context)
    yield from _variables(context)
    for module in context.program.modules if context.program else ():
        seen: set[str] = set()
        yield from _from_the_root(context, module)
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in seen:
                kind = kind_of(node.value)
                if kind and not _is_only_said(module, node):
                    seen.add(node.value)
                    yield from _finding(context, module, node, kind)


def _from_the_root(context: Context, module: Module) -> Iterator[Finding]:
    """Absolute paths that are read and that a bare node doesn't have, such as those of a storage of one's own."""
    environment = context.job.environment
    if environment.image or environment.dockerfile or environment.curated:
        return  # it may bring them along
    values = context.values(module)
    for call, name in module.calls:
        text = searched_folder(name, values.text(path_of(call, name))) or ""
        parts = text.split("/")
        plain = text.startswith("/") and not text.startswith((DATASET, *_NOT_HOMES)) and len(parts) > 2  # noqa: PLR2004
        if not plain or UNKNOWN in parts[1] or parts[1] in _OF_LINUX or kind_of(text) or _is_written(context, text):
            continue
        sure = context.program is not None and flow.is_sure(
            context.program, module, call, "OSError", "FileNotFoundError"
        )
        sure = sure and not _looks_for(context)
        shown_text = text.replace(UNKNOWN, "...")
        message = f"'{shown_text}' is an absolute path that is read: it isn't there when the job runs elsewhere"
        yield found(
            context.job, "local-path", message, at=module.at(call), severity=None if sure else W, confidence=LIKELY
        )


def _is_written(context: Context, text: str) -> bool:
    """Whether the program writes or makes something below the same folder at the root."""
    top = "/".join(text.split("/")[:2])
    return any((write.text or "").startswith(top) for write in writes(context))


def _looks_for(context: Context) -> bool:
    """Whether the program asks anywhere whether something is there, or unpacks an archive."""
    return any(
        name.rpartition(".")[2] in ("exists", "isdir", "isfile", "is_file", "is_dir", "unpack_archive", "extractall")
        for _, _, name in (context.program.calls() if context.program else ())
    )


def _settings_files(context: Context) -> Iterator[Finding]:
    """Files of settings that the program names, and that hold a path of one machine."""
    named = {
        str(node.value)
        for module in (context.program.modules if context.program else ())
        for node in module.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(_SETTINGS)
    }
    for file in context.snapshot.files:
        names = {file.path, f"./{file.path}", file.path.rpartition("/")[2]}
        if not names & named or not 0 < file.size <= _LARGEST:
            continue
        try:
            lines = (context.snapshot.root / file.path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for number, line in enumerate(lines, 1):
            match = _ENTRY.match(line)
            text = match["value"].replace("\\\\", "\\").strip() if match else ""
            kind = kind_of(text) if text else ""
            if kind:
                where = Location(shown(context.snapshot.root / file.path), number)
                message = f"{file.path} has '{text}', which is {kind}: it isn't there when the job runs elsewhere"
                yield found(context.job, "local-path", message, at=where, confidence=LIKELY)


def _variables(context: Context) -> Iterator[Finding]:
    """Variables of the job whose value is a path of one machine."""
    for name, value in context.job.environment.variables.items():
        kind = kind_of(value)
        if kind:
            message = f"the variable {name} is '{value}', which is {kind}: it isn't there when the job runs elsewhere"
            at = ("environment", "variables", name)
            yield found(context.job, "local-path", message, at=at, confidence=LIKELY)


def kind_of(text: str) -> str:
    """What kind of machine-bound path a text is: empty for none."""
    text = text.strip()
    if _DRIVE.fullmatch(text) and (len(text) > 3 or text.endswith(("\\", "/"))):  # noqa: PLR2004
        return "a path on a drive of Windows"
    if _SHARE.fullmatch(text):
        return "a share of Windows"
    if text.startswith(_NOT_HOMES):
        return ""
    match = _HOME.fullmatch(text)
    if match and (match[2] or "").strip("/"):
        return "a path on one machine"
    return "a path in your home folder" if _TILDE.fullmatch(text) and " " not in text else ""


def _is_only_said(module: Module, node: ast.AST) -> bool:
    """Whether a text is a docstring, a message, help, or something that texts are compared or matched with."""
    child = node
    for parent in module.around(node):
        match parent:
            case ast.Expr() | ast.Compare() | ast.Raise() | ast.Assert():
                return True
            case ast.BinOp(op=ast.Add()) if child is parent.right:
                return True
            case ast.JoinedStr() if child is not parent.values[0]:
                return True
            case ast.FunctionDef() | ast.ClassDef() if child in parent.decorator_list:
                return True
            case ast.keyword(arg="help" | "description" | "epilog" | "usage"):
                return True
            case ast.Call():
                method = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
                return method in _SPEAKS or method in ("startswith", "endswith", "replace", "match", "compile", "sub")
            case ast.stmt():
                return False
        child = parent
    return child is None


def _finding(context: Context, module: Module, node: ast.Constant, kind: str) -> Iterator[Finding]:
    message = f"'{node.value!s}' is {kind}: it isn't there when the job runs elsewhere"
    severity = confidence = None
    if kind.endswith("home folder"):
        severity, confidence = (None if _is_read(module, node) else W), LIKELY
    default = _option_of(module, node)
    if default is not None:
        if any(item.partition("=")[0] in default for item in context.job.arguments):
            severity, confidence = N, POSSIBLE
            message = f"the default of {default[-1]} is {kind}, '{node.value!s}'; this job gives another"
        else:
            message += f"; it is the default of {default[-1]}, which the job doesn't give"
    elif _has_alternative(context, module, node):
        severity, confidence = W, LIKELY
    yield found(context.job, "local-path", message, at=module.at(node), severity=severity, confidence=confidence)


def _is_read(module: Module, node: ast.Constant) -> bool:
    """Whether a path in the home folder is surely read; a download or a lock makes its file there by itself."""
    if str(node.value).strip().startswith("~/."):
        return False
    for parent in module.around(node):
        if isinstance(parent, ast.Call):
            path = path_of(parent, module.names.full(parent.func))
            if path is not None and any(part is node for part in ast.walk(path)):
                return True
    return False


def _option_of(module: Module, node: ast.AST) -> list[str] | None:
    """The names of the option whose default a constant is."""
    for parent in module.around(node):
        if isinstance(parent, ast.Call):
            method = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            if method in ("add_argument", "option", "Option"):
                default = argument(parent, None, "default")
                inside = default is not None and any(part is node for part in ast.walk(default))
                names = [item.value for item in parent.args if isinstance(item, ast.Constant)]
                return [str(name) for name in names] if inside and names else None
    return None


def _has_alternative(context: Context, module: Module, node: ast.AST) -> bool:
    """Whether the program looks before it takes the path, or has another one at hand."""
    program = context.program
    if program is None or any(True for _ in flow.conditions(module, node)) or flow.handled(module, node, "OSError"):
        return True
    for parent in module.around(node):
        match parent:
            case ast.IfExp() | ast.BoolOp():
                return True
            case ast.Dict() | ast.List() | ast.Set():
                items = parent.values if isinstance(parent, ast.Dict) else parent.elts
                texts = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
                if any("/" in text and not kind_of(text) for text in texts):
                    return True
            case ast.Call() if module.names.full(parent.func) in ("os.environ.get", "os.getenv"):
                variable = parent.args[0] if parent.args else None
                return isinstance(variable, ast.Constant) and str(variable.value) in context.variables
            case ast.Assign(targets=[ast.Name(id=name)]):
                return len(module.names.assigned.get(name, ())) > 1 or _is_looked_at(module, name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return not flow.is_used(program, parent)
    return False


def _is_looked_at(module: Module, name: str) -> bool:
    """Whether a condition asks whether the path of this name is there."""
    for node in module.nodes:
        if isinstance(node, ast.If | ast.IfExp):
            test = ast.unparse(node.test)
            if _PLATFORM.search(test) and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.test)):
                return True
    return False
