"""Reading what a script's command line takes off its declarations for click, typer, absl or fire.

As with argparse: nothing runs, and where anything is unclear there is no answer.
"""

import ast
from collections.abc import Iterator

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module, Program
from trainferry.checks.surface import MANY, Option, Surface

_NUMBERS = {"int": "int", "float": "float", "click.INT": "int", "click.FLOAT": "float"}
_OF_ABSL = {
    "DEFINE_string": "", "DEFINE_integer": "int", "DEFINE_float": "float", "DEFINE_bool": "bool",
    "DEFINE_boolean": "bool",
    "DEFINE_enum": "", "DEFINE_list": "", "DEFINE_multi_string": "", "DEFINE_multi_integer": "int",
    "DEFINE_multi_float": "float", "DEFINE_spaceseplist": "", "DEFINE_enum_class": "", "DEFINE_alias": "",
}  # fmt: skip
"""Functions of absl.flags that define a flag, with the kind of its value."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unclear(Exception):
    """The command line can't be read off the script."""


def read_surface(program: Program) -> Surface | None:
    """What the script's command line takes; None if none of the four libraries reads it, or there is any doubt."""
    module = program.script
    imported = {target.partition(".")[0] for target in module.names.imported.values()}
    used = [name for name in ("click", "typer", "fire", "absl") if name in imported]
    if len(used) != 1 or "argparse" in imported:
        return None
    try:
        return {"click": _click, "typer": _typer, "fire": _fire, "absl": _absl}[used[0]](program, module)
    except (Unclear, ValueError, TypeError, LookupError, AttributeError):
        return None


def _functions(module: Module) -> Iterator[_Function]:
    return (node for node in module.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _literal(node: ast.expr | None) -> object:
    """A constant; Unclear for anything that is no constant."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise Unclear from error


def _click(program: Program, module: Module) -> Surface:
    del program
    function, decorator = _click_command(module)
    _require_call(module, function)
    surface = Surface("click", [Option(("--help",), 0)])
    places: list[tuple[str, int, bool]] = []
    for one in function.decorator_list:
        name = module.names.full(one).removesuffix("()")
        if one is decorator:
            continue
        if not isinstance(one, ast.Call):
            raise Unclear
        if name == "click.option":
            surface.options.append(_click_option(module, one))
        elif name == "click.argument":
            number = _literal(argument(one, None, "nargs"))
            default = argument(one, None, "default") is not None or _literal(argument(one, None, "required")) is False
            places.append((str(_literal(one.args[0])), number if isinstance(number, int) else 1, default))
        elif name in ("click.version_option", "click.help_option"):
            surface.options.append(Option(("--version",), 0))
        else:
            raise Unclear
    return _placed(surface, places)


def _click_command(module: Module) -> tuple[_Function, ast.expr]:
    """The one function that is a command, with the decorator that makes it one."""
    commands = []
    for function in _functions(module):
        for decorator in function.decorator_list:
            name = module.names.full(decorator).removesuffix("()")
            if name == "click.command":
                commands.append((function, decorator))
            elif name.endswith((".group", ".command", ".pass_context")) or name.startswith("?"):
                raise Unclear
    if len(commands) != 1:
        raise Unclear
    decorator = commands[0][1]
    if isinstance(decorator, ast.Call) and any(k.arg in ("context_settings", "cls", None) for k in decorator.keywords):
        raise Unclear
    return commands[0]


def _placed(surface: Surface, places: list[tuple[str, int, bool]]) -> Surface:
    """Add arguments by place: name, number (-1 for any) and whether each may be left out."""
    surface.places = tuple(name for name, _, _ in places)
    surface.most = MANY if any(number < 0 for _, number, _ in places) else sum(number for _, number, _ in places)
    simple = all(number == 1 for _, number, _ in places)
    surface.least = sum(not optional for _, _, optional in places) if simple else 0
    return surface


def _require_call(module: Module, function: _Function) -> None:
    """Raise Unclear unless the script calls the command, so that it reads the command line."""
    if not any(name == function.name and not call.args for call, name in module.calls):
        raise Unclear


def _click_option(module: Module, call: ast.Call) -> Option:
    given = [str(_literal(item)) for item in call.args]
    names = tuple(part.strip() for item in given if item.startswith("-") for part in item.split("/"))
    keywords = {keyword.arg for keyword in call.keywords}
    if not names or None in keywords or keywords & {"cls", "callback", "flag_value", "prompt", "expose_value"}:
        raise Unclear
    is_flag = any("/" in item for item in given) or _literal(argument(call, None, "is_flag")) is True
    is_flag = is_flag or _literal(argument(call, None, "count")) is True
    number = _literal(argument(call, None, "nargs"))
    default = argument(call, None, "default")
    required = _literal(argument(call, None, "required")) is True and default is None and "envvar" not in keywords
    kind, choices = _click_kind(module, argument(call, None, "type"), default)
    values = 0 if is_flag else number if isinstance(number, int) else 1
    return Option(names, values, kind, choices, required)


def _click_kind(module: Module, given: ast.expr | None, default: ast.expr | None) -> tuple[str, tuple[str, ...]]:
    """What kind the value has to be, told or taken from the default; and its choices."""
    if given is None:
        value = default.value if isinstance(default, ast.Constant) else None
        return ("int" if type(value) is int else "float" if type(value) is float else ""), ()
    if isinstance(given, ast.Call):
        if module.names.full(given.func) == "click.Choice" and len(given.args) == 1 and not given.keywords:
            listed = given.args[0]
            items = listed.elts if isinstance(listed, ast.List | ast.Tuple) else []
            texts = tuple(str(item.value) for item in items if isinstance(item, ast.Constant))
            return "", texts if len(texts) == len(items) else ()
        known = {"click.IntRange": "int", "click.FloatRange": "float"}
        return known.get(module.names.full(given.func), ""), ()
    return _NUMBERS.get(module.names.full(given), ""), ()


def _typer(program: Program, module: Module) -> Surface:
    del program
    found = [
        call.args[0].id
        for call, n in module.calls
        if n == "typer.run" and call.args and isinstance(call.args[0], ast.Name)
    ]
    for function in _functions(module):
        for decorator in function.decorator_list:
            name = module.names.full(decorator)
            if name.startswith("typer.Typer()") and name.endswith("command()"):
                if not isinstance(decorator, ast.Call) or decorator.args or decorator.keywords:
                    raise Unclear
                found.append(function.name)
            else:
                raise Unclear
    if any(name.endswith((".add_typer", ".callback")) for _, name in module.calls):
        raise Unclear
    if len(found) != 1:
        raise Unclear
    function = module.names.functions[found[0]]
    surface = Surface("typer", [Option(("--help", "--install-completion", "--show-completion"), 0)])
    places: list[tuple[str, int, bool]] = []
    for parameter, default in _parameters(function):
        _typer_parameter(module, parameter, default, surface, places)
    return _placed(surface, places)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Each parameter with its default."""
    spec = function.args
    if spec.vararg is not None or spec.kwarg is not None or spec.posonlyargs:
        raise Unclear
    lacking: list[ast.expr | None] = [None] * (len(spec.args) - len(spec.defaults))
    yield from zip(spec.args, [*lacking, *spec.defaults], strict=True)
    yield from zip(spec.kwonlyargs, spec.kw_defaults, strict=True)


def _typer_parameter(
    module: Module,
    parameter: ast.arg,
    default: ast.expr | None,
    surface: Surface,
    places: list[tuple[str, int, bool]],
) -> None:
    kind = ast.unparse(parameter.annotation) if parameter.annotation is not None else "str"
    if "Annotated" in kind or "Context" in kind:
        raise Unclear
    many = any(word in kind for word in ("List", "list", "Tuple", "tuple", "Sequence"))
    plain = kind.replace("Optional[", "").replace("]", "").replace(" | None", "").strip()
    names: tuple[str, ...] = (f"--{parameter.arg.replace('_', '-')}",)
    made = module.names.full(default.func) if isinstance(default, ast.Call) else ""
    if made == "typer.Argument" or default is None:
        optional = isinstance(default, ast.Call) and not _is_ellipsis(default)
        places.append((parameter.arg, -1 if many else 1, optional))
        return
    if isinstance(default, ast.Call):
        if made != "typer.Option":
            raise Unclear
        own = tuple(str(_literal(item)) for item in default.args[1:])
        if any("/" in name for name in own):
            own = tuple(part for name in own for part in name.split("/"))
        names = own or names
    required = isinstance(default, ast.Call) and _is_ellipsis(default)
    if plain == "bool":
        surface.options.append(Option((*names, f"--no-{names[0].lstrip('-')}"), 0, "", (), required))
        return
    surface.options.append(Option(names, 1, _NUMBERS.get(plain, ""), (), required))


def _is_ellipsis(call: ast.Call) -> bool:
    given = argument(call, 0, "default")
    return given is None or (isinstance(given, ast.Constant) and given.value is ...)


def _fire(program: Program, module: Module) -> Surface:
    del program
    calls = [call for call, name in module.calls if name in ("fire.Fire", "fire.core.Fire")]
    if len(calls) != 1 or len(calls[0].args) != 1 or calls[0].keywords or not isinstance(calls[0].args[0], ast.Name):
        raise Unclear
    function = module.names.functions.get(calls[0].args[0].id)
    if function is None or function.decorator_list:
        raise Unclear
    surface = Surface("fire", [Option(("--help",), 0)], joins=True)
    parameters = list(_parameters(function))
    for parameter, _ in parameters:
        surface.options.append(Option((f"--{parameter.arg}", f"--{parameter.arg.replace('_', '-')}"), -1))
    surface.places = tuple(parameter.arg for parameter, _ in parameters)
    surface.most = MANY  # what is left over is looked up in what the function returns
    surface.least = sum(default is None for _, default in parameters)
    return surface


def _absl(program: Program, module: Module) -> Surface:
    if not any(name == "absl.app.run" for _, name in module.calls):
        raise Unclear
    surface = Surface("absl", open=True, most=MANY)
    marked = {
        str(_literal(call.args[0]))
        for _, call, name in program.calls()
        if name == "absl.flags.mark_flag_as_required" and call.args
    }
    for _, call, name in program.calls():
        last = name.rpartition(".")[2]
        if not name.startswith("absl.flags.DEFINE_"):
            continue
        if last not in _OF_ABSL or not call.args:
            raise Unclear
        flag = str(_literal(call.args[0]))
        required = flag in marked or _literal(argument(call, None, "required")) is True
        if _OF_ABSL[last] == "bool":
            surface.options.append(Option((f"--{flag}", f"--no{flag}", f"-{flag}"), 0, "", (), required))
            continue
        choices = _literal(argument(call, 2, "enum_values")) if last == "DEFINE_enum" else ()
        listed = tuple(str(one) for one in choices) if isinstance(choices, list | tuple) else ()
        short = _literal(argument(call, None, "short_name"))
        names = (f"--{flag}", f"-{flag}", *((f"-{short}", f"--{short}") if isinstance(short, str) else ()))
        surface.options.append(Option(names, 1, _OF_ABSL[last], listed, required))
    if not surface.options:
        raise Unclear
    return surface
