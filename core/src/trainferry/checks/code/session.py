"""What a script expects of the person or machine that starts it: variables, answers, a screen."""

import ast
import re
from collections.abc import Iterator

from trainferry.checks.code import flow
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, W
from trainferry.checks.shells import SIGN_IN
from trainferry.specs.finding import Finding

_EVERYWHERE = re.compile(
    r"PATH|HOME|PWD|TMPDIR|TEMP|TMP|LANG|LC_\w+|SHELL|HOSTNAME|PYTHON\w*|CUDA_\w+|NVIDIA_\w+|OMP_\w+|TF_\w+|XLA_\w+|"
    r"RANK|WORLD_SIZE|LOCAL_RANK|LOCAL_WORLD_SIZE|NODE_RANK|MASTER_ADDR|MASTER_PORT|OMPI_\w+|PMI_\w+|AZ_BATCH\w*|"
    r"AZUREML_\w+|MLFLOW_\w+|SLURM_\w+|KERAS_BACKEND|KERAS_HOME"
)
"""Variables that a node, a framework or a launcher sets."""
_TAKE_TEXT = frozenset(
    {"int", "float", "open", "len", "pathlib.Path", "os.path.join", "os.makedirs", "os.listdir", "os.path.exists"}
    | {"os.path.isdir", "os.path.isfile", "os.chdir", "json.loads", "os.path.dirname", "os.path.expanduser"}
)
"""Functions that fail on None (their documentation)."""
_SIGN_INS = {
    "Workspace.from_config": "azureml.core",
    "Workspace.get": "azureml.core",
    "MLClient.from_config": "azure.ai.ml",
    "InteractiveBrowserCredential": "azure.identity",
    "DeviceCodeCredential": "azure.identity",
    "InteractiveLoginAuthentication": "azureml.core",
    "AzureCliCredential": "azure.identity",
    "notebook_login": "huggingface_hub",
    "drive.mount": "google.colab",
    "ee.Authenticate": "ee",
    "auth.authenticate_user": "google.colab",
    "acquire_token_interactive": "msal",
    "initiate_device_flow": "msal",
    "run_local_server": "google_auth_oauthlib",
}
_KEYS = {
    "wandb.login": "WANDB_API_KEY",
    "wandb.init": "WANDB_API_KEY",
    "huggingface_hub.login": "HF_TOKEN",
    "comet_ml.Experiment": "COMET_API_KEY",
    "neptune.init_run": "NEPTUNE_API_TOKEN",
    "kaggle.api.authenticate": "KAGGLE_KEY",
    "openai.OpenAI": "OPENAI_API_KEY",
}
_ASKS = frozenset(
    {
        "input",
        "getpass.getpass",
        "click.prompt",
        "click.confirm",
        "pdb.set_trace",
        "breakpoint",
        "ipdb.set_trace",
        "sys.stdin.readline",
        "sys.stdin.read",
        "IPython.embed",
        "code.interact",
    }
)
_SCREENS = (
    "TkAgg",
    "Qt5Agg",
    "QtAgg",
    "Qt4Agg",
    "WXAgg",
    "GTK3Agg",
    "GTK4Agg",
    "MacOSX",
    "macosx",
    "WebAgg",
    "nbAgg",
    "notebook",
)
_WINDOWS = frozenset(
    {
        "cv2.imshow",
        "cv2.namedWindow",
        "cv2.waitKey",
        "tkinter.Tk",
        "turtle.Screen",
        "cv2.destroyAllWindows",
        "pygame.display.set_mode",
        "PyQt6.QtWidgets.QApplication",
        "PySide6.QtWidgets.QApplication",
        "PyQt5.QtWidgets.QApplication",
    }
)


def check(context: Context) -> Iterator[Finding]:
    """Each call that expects more than a node has."""
    if context.program is None:
        return
    yield from _backend_variable(context)
    for module in context.program.modules:
        yield from _variables(context, module)
        if context.target is None or not context.target.display:
            yield from _assigned_backend(context, module)
        for call, name in module.calls:
            yield from _sign_in(context, module, call, name)
            yield from _question(context, module, call, name)
            yield from _screen(context, module, call, name)


def _sure(context: Context, module: Module, node: ast.AST, *kinds: str) -> bool:
    return context.program is not None and flow.is_sure(context.program, module, node, *kinds)


def _variables(context: Context, module: Module) -> Iterator[Finding]:
    seen: set[str] = set()
    for node in module.nodes:
        name, needed = _read(module, node)
        if (
            name is None
            or name in seen
            or name in context.variables
            or _is_set(context, name)
            or _EVERYWHERE.fullmatch(name)
        ):
            continue
        if needed and f"'{name}' in os.environ" in ast.unparse(module.tree):
            continue
        seen.add(name)
        sure = needed and _sure(context, module, node, "KeyError" if isinstance(node, ast.Subscript) else "TypeError")
        secret = any(word in name for word in ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASS", "CONNECTION"))
        remedy = f"set environment: {{variables: {{{name}: ...}}}}" + (
            "; a secret belongs into the target's key vault, not into the file" if secret else ""
        )
        message = f"the script reads the variable {name}, which neither the job nor the target sets"
        yield found(
            context.job,
            "variable-unset",
            message + ("" if needed else "; it gets None"),
            remedy,
            at=module.at(node),
            severity=None if sure else W,
            confidence=None if sure else POSSIBLE,
        )


def _read(module: Module, node: ast.AST) -> tuple[str | None, bool]:
    """The variable that an expression reads, and whether it must be there."""
    match node:
        case ast.Subscript(ctx=ast.Load(), slice=ast.Constant(value=str(name))) if (
            module.names.full(node.value) == "os.environ"
        ):
            return name, True
        case ast.Call(args=[ast.Constant(value=str(name))], keywords=[]):
            full = module.names.full(node.func)
            if full in ("os.getenv", "os.environ.get"):
                return name, _is_text(module, node)
    return None, False


def _is_text(module: Module, node: ast.AST) -> bool:
    """Whether what an expression gives is used as a text there, so that None ends the script."""
    match module.parents.get(node):
        case ast.Call(func=func, args=args) if node in args:
            return module.names.full(func) in _TAKE_TEXT
        case ast.BinOp(op=ast.Add() | ast.Div()) | ast.Attribute():
            return True
    return False


def _is_set(context: Context, name: str) -> bool:
    """Whether the program sets a variable itself, or reads a file of variables."""
    for module in context.program.modules if context.program else ():
        for node in module.nodes:
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Store)
                and getattr(node.slice, "value", None) == name
            ):
                return True
        for call, full in module.calls:
            if (
                full in ("os.environ.setdefault", "os.putenv")
                and call.args
                and getattr(call.args[0], "value", None) == name
            ):
                return True
            if full == "os.environ.update" or (full == "dotenv.load_dotenv" and ".env" in context.travelling):
                return True
    return False


def _sign_in(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    known = next((end for end in _SIGN_INS if name.endswith(end)), None)
    if name == "azureml.core.Workspace":
        known = "azureml.core.Workspace"
    if known and not any(keyword.arg in ("auth", "credential", "credentials") for keyword in call.keywords):
        message = f"{known} signs in as a person, and nobody is there to answer: the job would wait, and be paid for"
        yield found(
            context.job,
            "sign-in",
            message,
            "take it out of what runs there, or use the node's own identity: DefaultAzureCredential",
            at=module.at(call),
        )
    key = _KEYS.get(name)
    offline = name == "wandb.init" and ("WANDB_MODE" in context.variables or "mode" in {k.arg for k in call.keywords})
    if (
        key
        and key not in context.variables
        and not offline
        and not _is_set(context, key)
        and not call.args
        and "key" not in {k.arg for k in call.keywords}
        and "token" not in {k.arg for k in call.keywords}
    ):
        message = (
            f"{name} wants the variable {key}, which neither the job nor the target sets, and asks for "
            "it on the terminal"
        )
        yield found(
            context.job,
            "sign-in",
            message,
            f"set environment: {{variables: {{{key}: ...}}}}, or leave {name} out",
            at=module.at(call),
        )
    if name in ("os.system", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.Popen"):
        match = SIGN_IN.search(" ".join(str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant)))
        if match:
            yield found(
                context.job,
                "sign-in",
                f"'{match[0]}' signs in as a person, and nobody is there to answer",
                at=module.at(call),
            )


def _question(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if name not in _ASKS or name in module.names.functions or (name == "input" and "input" in module.names.assigned):
        return
    sure = _sure(context, module, call, "EOFError")
    message = f"{name}() waits for somebody to type, and a job has no terminal: EOFError, or no end"
    yield found(
        context.job,
        "asks",
        message,
        "take the answer from an argument",
        at=module.at(call),
        severity=None if sure else W,
        confidence=None if sure else LIKELY,
    )


def _backend_variable(context: Context) -> Iterator[Finding]:
    backend = context.job.environment.variables.get("MPLBACKEND", "")
    if backend.lower() in {screen.lower() for screen in _SCREENS}:
        message = f"MPLBACKEND asks for matplotlib's backend {backend}, which needs a screen, and a node has none"
        at = ("environment", "variables", "MPLBACKEND")
        yield found(context.job, "needs-screen", message, "take it out, or write Agg", at=at, severity=W)


def _assigned_backend(context: Context, module: Module) -> Iterator[Finding]:
    """`os.environ["MPLBACKEND"] = "Qt5Agg"`, by which a script asks for a screen, too."""
    for node in module.nodes:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)):
            continue
        target = node.targets[0]
        if module.names.full(target.value) == "os.environ" and getattr(target.slice, "value", "") == "MPLBACKEND":
            yield from _backend(context, module, node, context.values(module).constant(node.value))


def _backend(context: Context, module: Module, node: ast.AST, backend: object) -> Iterator[Finding]:
    if not isinstance(backend, str) or backend.lower() not in {screen.lower() for screen in _SCREENS}:
        return
    sure = _sure(context, module, node, "ImportError")
    yield found(
        context.job,
        "needs-screen",
        f"the backend {backend} of matplotlib needs a screen, and a node has none",
        "leave the backend out, or write matplotlib.use('Agg')",
        at=module.at(node),
        severity=None if sure else W,
        confidence=None if sure else LIKELY,
    )


def _screen(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    if context.target is not None and context.target.display:
        return
    if name in ("matplotlib.use", "matplotlib.pyplot.switch_backend") and call.args:
        yield from _backend(context, module, call, context.values(module).constant(call.args[0]))
    elif name in _WINDOWS:
        sure = _sure(context, module, call)
        yield found(
            context.job,
            "needs-screen",
            f"{name} opens a window, and a node has no screen",
            "write a file below outputs/ instead",
            at=module.at(call),
            severity=None if sure else W,
            confidence=None if sure else LIKELY,
        )
    elif name == "matplotlib.pyplot.show":
        yield found(
            context.job,
            "plot-shown",
            "plt.show() shows nothing on a node",
            "plt.savefig('outputs/NAME.png') keeps the picture",
            at=module.at(call),
        )
