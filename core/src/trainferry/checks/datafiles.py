"""Checks of what lies in a dataset: broken files, folders of classes, and whether a mount serves it well."""

import re
from collections.abc import Iterator

from trainferry.checks import scan as scanning
from trainferry.checks.context import Context
from trainferry.checks.pictures import PICTURES
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, W
from trainferry.checks.scan import Scan
from trainferry.specs.finding import Finding

MANY = 20_000
"""Files from which a mount, which asks the storage for each one by itself, is much slower than a download."""
SMALL = 1_000_000
"""Mean bytes of a file below which that holds."""
_SHOWN = 5
_SPLITS = re.compile(r"(train|training|tr|val|valid|validation|test|testing|dev|eval)", re.IGNORECASE)
_TOLERANT = re.compile(r"ignore_errors|LOAD_TRUNCATED_IMAGES|try_recover_truncated|verify\(\)|UnidentifiedImageError")
_OPENS = re.compile(r"Image\.open|decode_|load_img|imread|\.verify\(|img_to_array")
_SKIPPED_BY_KERAS = frozenset({".webp", ".tif", ".tiff", ".heic", ".avif", ".jfif", ".jpe", ".ppm", ".svg"})
"""Pictures that Keras' loaders pass over in silence: they take .bmp, .gif, .jpeg, .jpg and .png."""


def check(context: Context) -> Iterator[Finding]:
    """Everything that can be seen of each dataset on this machine, in one walk."""
    job = context.job
    for name, dataset in job.datasets.items():
        path = job.dataset_path(name)
        if path is None or not path.exists():
            continue
        try:
            seen = scanning.scan(path, context.site.cache)
        except OSError:
            continue  # the check of what is there speaks of it
        yield from _files(context, name, seen)
        yield from _classes(context, name, seen)
        if dataset.mode == "mount":
            yield from _mount(context, name, seen)
        else:
            yield from _disk(context, name, seen)


def _files(context: Context, name: str, seen: Scan) -> Iterator[Finding]:
    tolerant = _tolerates(context)
    groups: dict[str, list[str]] = {}
    for path, said in sorted(seen.verdicts.items()):
        kind = said.partition(" ")[0]
        is_picture = _ending(path) in PICTURES
        rule = {
            "empty": "file-empty",
            "pointer": "file-pointer",
            "cut": "file-cut",
            "is": "picture-kind",
            "coded": "text-coding",
            "printed": "picture-colours",
        }.get(kind, "file-broken")
        if kind == "empty" and not is_picture and _ending(path) in (".txt", ".csv", ".json"):
            rule = "file-empty-text"
        groups.setdefault(rule, []).append(path)
    for rule, paths in groups.items():
        message, remedy = _told(name, rule, paths, seen)
        doubtful = tolerant and rule != "file-pointer"
        yield found(
            context.job,
            rule,
            message,
            remedy,
            at=_at(name),
            severity=W if doubtful else None,
            confidence=POSSIBLE if doubtful else None,
        )
    for path, why in seen.unreadable[:_SHOWN]:
        yield found(
            context.job, "dataset-unreadable", f"can't read {path} of the dataset '{name}': {why}", at=_at(name)
        )


def _ending(path: str) -> str:
    return "." + path.rpartition(".")[2].lower()


def _at(name: str) -> tuple[str, ...]:
    return ("datasets", name, "path")


def _told(name: str, rule: str, paths: list[str], seen: Scan) -> tuple[str, str]:
    said = [_one(rule, path, seen.verdicts[path]) for path in paths[:_SHOWN]]
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    some = ", ".join(said) + more
    count = "one file is" if len(paths) == 1 else f"{len(paths):,} files are"
    what = {
        "file-empty": f"{count} without a byte in the dataset '{name}': {some}",
        "file-empty-text": f"{count} without a byte in the dataset '{name}': {some}",
        "file-pointer": f"{count} not what the name says but a pointer of Git LFS in the dataset '{name}': {some}",
        "file-cut": f"{count} cut off before the end in the dataset '{name}': {some}",
        "text-coding": f"{count} not in UTF-8 in the dataset '{name}': {some}; reading fails with UnicodeDecodeError",
        "picture-kind": f"{count} of another kind than the name says in the dataset '{name}': {some}",
        "picture-colours": f"{count} in the colours of print (CMYK) in the dataset '{name}': {some}; loaders give four "
        "channels, or wrong colours",
        "file-broken": f"{count} not what the name says in the dataset '{name}': {some}",
    }
    first = paths[0] or "it"
    remedy = (
        "git lfs pull fetches them"
        if rule == "file-pointer"
        else f"look at {first}; fetch it again, convert it, or remove it"
    )
    return what[rule], remedy


def _one(rule: str, path: str, said: str) -> str:
    if rule == "picture-kind":
        return f"{path} ({said})"
    return f"{path} ({said.partition(' ')[2]})" if rule == "file-broken" else path


def _tolerates(context: Context) -> bool:
    """Whether the script passes over pictures that it can't read."""
    import ast  # noqa: PLC0415

    for module in context.program.modules if context.program else ():
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and _TOLERANT.search(node.attr):
                return True
            if isinstance(node, ast.Name) and _TOLERANT.search(node.id):
                return True
            if (
                isinstance(node, ast.Try)
                and node.handlers
                and _OPENS.search(" ".join(ast.unparse(item) for item in node.body))
            ):
                return not all(isinstance(item, ast.Raise) for item in node.handlers[0].body)
    return False


def _uses_keras_loader(context: Context) -> bool:
    return any(
        name.endswith(("image_dataset_from_directory", "flow_from_directory"))
        for _, _, name in (context.program.calls() if context.program else ())
    )


def _classes(context: Context, name: str, seen: Scan) -> Iterator[Finding]:
    """Folders of classes: empty ones, ones that differ in case only, splits that don't have the same ones."""
    at = _at(name)
    children: dict[str, list[str]] = {}
    for folder in seen.folders:
        if folder:
            parent, _, own = folder.rpartition("/")
            children.setdefault(parent, []).append(own)
    if not children or sum(seen.endings.get(ending, 0) for ending in PICTURES) == 0:
        return
    whole = _wholes(seen)
    for parent, names in children.items():
        full = [own for own in names if whole[_join(parent, own)]]
        empty = sorted(own for own in names if not whole[_join(parent, own)] and not own.startswith("."))
        if empty and full:
            listed = ", ".join(_join(parent, own) for own in empty[:_SHOWN])
            yield found(
                context.job,
                "class-empty",
                f"folders without a file in the dataset '{name}': {listed}; a loader takes each for a class, "
                "or it is not uploaded",
                at=at,
            )
        lower: dict[str, str] = {}
        for own in sorted(names):
            if own.lower() in lower:
                message = (
                    f"'{lower[own.lower()]}' and '{own}' in the dataset '{name}' differ in case only, "
                    "and are two classes"
                )
                yield found(context.job, "class-case", message, "put them into one folder", at=at)
            lower[own.lower()] = own
    yield from _splits(context, name, children)
    if _uses_keras_loader(context):
        passed = {ending: count for ending, count in seen.endings.items() if ending in _SKIPPED_BY_KERAS}
        if passed:
            what = ", ".join(f"{count:,} {ending}" for ending, count in sorted(passed.items()))
            yield found(
                context.job,
                "picture-passed-over",
                f"Keras' loader passes over files of the dataset '{name}' in silence: {what}",
                "convert them to .jpg or .png",
                at=at,
            )


def _wholes(seen: Scan) -> dict[str, int]:
    """Number of files anywhere below each folder."""
    whole = dict.fromkeys(seen.folders, 0)
    for folder, count in seen.folders.items():
        above = folder
        while above:
            whole[above] = whole.get(above, 0) + count
            above = above.rpartition("/")[0]
        whole[""] = whole.get("", 0) + count
    return whole


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name


def _splits(context: Context, name: str, children: dict[str, list[str]]) -> Iterator[Finding]:
    for parent, names in children.items():
        splits = [own for own in names if _SPLITS.fullmatch(own)]
        classes = {own: frozenset(children.get(_join(parent, own), ())) for own in splits}
        filled = {own: names for own, names in classes.items() if names}
        if len(filled) < 2:  # noqa: PLR2004
            continue
        (first, known), *others = sorted(filled.items(), key=lambda item: not item[0].lower().startswith("tr"))
        for own, theirs in others:
            if known != theirs:
                only = sorted(known ^ theirs)
                message = (
                    f"'{first}' and '{own}' of the dataset '{name}' don't have the same classes: "
                    f"{', '.join(only[:_SHOWN])} is in one only"
                )
                yield found(
                    context.job,
                    "classes-differ",
                    message,
                    "put every class into both, even if with few files",
                    at=_at(name),
                )
        if _takes_whole(context, name) and not parent:
            message = (
                f"the script takes the dataset '{name}' as a whole, whose folders are "
                f"{', '.join(sorted(splits))}: a loader makes them its classes"
            )
            yield found(
                context.job, "classes-nested", message, f"give it the folder of one: path + '/{first}'", at=_at(name)
            )


def _takes_whole(context: Context, name: str) -> bool:
    """Whether a loader of class folders is given a dataset's own folder."""
    from trainferry.checks.code.names import argument  # noqa: PLC0415
    from trainferry.checks.code.values import DATASET  # noqa: PLC0415

    for module, call, full in context.program.calls() if context.program else ():
        if full.endswith(("image_dataset_from_directory", "flow_from_directory", "ImageFolder")):
            text = context.values(module).text(argument(call, 0, "directory", "root"))
            if text is not None and text.rstrip("/") == DATASET + name:
                return True
    return False


def _mount(context: Context, name: str, seen: Scan) -> Iterator[Finding]:
    if seen.files >= MANY and seen.bytes / seen.files < SMALL:
        mean = seen.bytes / seen.files / 1000
        message = (
            f"{seen.files:,} files of {mean:,.0f} kB on average are mounted: each is fetched by itself, "
            "which can take ten times as long as a download"
        )
        yield found(
            context.job,
            "mount-slow",
            message,
            f"write datasets: {{{name}: {{mode: download}}}}, or pack them into archives",
            at=("datasets", name, "mode"),
        )


def _disk(context: Context, name: str, seen: Scan) -> Iterator[Finding]:
    disk = context.target.disk_bytes if context.target else None
    if disk is not None and seen.bytes * 2 > disk:
        message = (
            f"the dataset '{name}' has {seen.bytes / 1e9:,.0f} GB, and its download may fill the node's "
            f"disk of {disk / 1e9:,.0f} GB"
        )
        yield found(
            context.job,
            "disk-small",
            message,
            "mount it, or take a size with a larger disk",
            at=("datasets", name, "mode"),
            confidence=LIKELY,
        )
