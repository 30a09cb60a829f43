"""What the names of a module stand for: imports followed, assignments counted."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

_DEEPEST = 20


class Names:
    """The imports and assignments of one module, read without regard to the order in which they happen."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self.imported: dict[str, str] = {}
        self.assigned: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
        """Values given to each name; None for one that can't be told, such as a loop's."""
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        for node in nodes:
            self._take(node)

    def _take(self, node: ast.AST) -> None:  # noqa: C901  (one branch for each way of binding a name)
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.imported[bound] = alias.name if alias.asname else bound
            case ast.ImportFrom(module=str(module)) if not node.level:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{module}.{alias.name}"
            case ast.Assign():
                for target in node.targets:
                    self._bind(target, node.value)
            case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
                self._bind(node.target, node.value)
            case ast.AugAssign() | ast.For() | ast.AsyncFor() | ast.comprehension():
                self._bind(node.target, None)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._bind(target, node.context_expr)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.functions[node.name] = node
                for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                    self.assigned[argument.arg].append(None)
            case ast.ClassDef():
                self.classes[node.name] = node

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.assigned[target.id].append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                values = list(value.elts)
            for part, own in zip(target.elts, values, strict=True):
                self._bind(part, own)

    def only_value(self, name: str) -> ast.expr | None:
        """The value of a name that is given one exactly once; None for any other."""
        values = self.assigned.get(name, [])
        return values[0] if len(values) == 1 else None

    def full(self, node: ast.AST, depth: int = 0) -> str:
        """The full dotted name of an expression: `tf.keras.Model` is `tensorflow.keras.Model`.

        A name that is assigned once to such an expression is followed; one that is made by a call is `NAME()`, so
        that a method of what it returns is `NAME().method`. What is not known begins with `?`.
        """
        if depth > _DEEPEST:
            return "?"
        match node:
            case ast.Attribute():
                return f"{self.full(node.value, depth + 1)}.{node.attr}"
            case ast.Call():
                return f"{self.full(node.func, depth + 1)}()"
            case ast.Name():
                return self._name(node.id, depth)
            case ast.Subscript():
                return f"{self.full(node.value, depth + 1)}[]"
            case _:
                return "?"

    def _name(self, name: str, depth: int) -> str:
        if name in self.imported:
            return self.imported[name]
        if name in self.functions or name in self.classes:
            return name
        value = self.only_value(name)
        if value is not None and isinstance(value, ast.Call | ast.Attribute | ast.Name | ast.Subscript):
            return self.full(value, depth + 1)
        return f"?{name}" if name in self.assigned else name


def argument(call: ast.Call, place: int | None, *keywords: str) -> ast.expr | None:
    """An argument of a call, by its keyword or its place (counted from 0); None if it isn't given."""
    for keyword in call.keywords:
        if keyword.arg in keywords:
            return keyword.value
    given = call.args
    if place is not None and place < len(given) and not any(isinstance(item, ast.Starred) for item in given):
        return given[place]
    return None


def has_double_star(call: ast.Call) -> bool:
    """Whether a call is given keywords that can't be seen."""
    return any(keyword.arg is None for keyword in call.keywords)


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Every absolute import among nodes with the dotted name it asks for, wherever it stands."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module


def local_imports(nodes: Iterable[ast.AST], path: str, travelling: set[str], script: str) -> Iterator[str]:
    """Paths of the source folder that a module at `path` imports, directly or as a package on the way.

    Imports start at the folder of the script that runs; at the top of the source and at the module's own folder too,
    where a program that changes `sys.path` looks.
    """
    folders = [script.rpartition("/")[0], path.rpartition("/")[0], ""]
    bases = dict.fromkeys(folder + "/" if folder else "" for folder in folders)
    for node in nodes:
        if isinstance(node, ast.Import):
            wanted = [(base, alias.name) for alias in node.names for base in bases]
        elif isinstance(node, ast.ImportFrom):
            wanted = list(_from(node, path, list(bases)))
        else:
            continue
        for base, name in wanted:
            yield from _files(base, name, travelling)


def _from(node: ast.ImportFrom, path: str, bases: list[str]) -> Iterator[tuple[str, str]]:
    if node.level:
        parts = path.split("/")[: -node.level]
        bases = ["/".join(parts) + "/" if parts else ""]
    module = node.module or ""
    for base in bases:
        if module:
            yield base, module
        for alias in node.names:
            yield base, f"{module}.{alias.name}" if module else alias.name


def _files(base: str, name: str, travelling: set[str]) -> Iterator[str]:
    """The files that stand for `a.b.c` below `base`: each package on the way, and the module itself."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        stem = base + "/".join(parts[:count])
        for file in (f"{stem}/__init__.py", f"{stem}.py"):
            if file in travelling:
                yield file
