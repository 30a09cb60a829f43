"""Drawing metrics by epoch: a PNG with matplotlib, or lines of text for a terminal."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainferry.errors import FerryError
from trainferry.metrics import Row, column, names

Series = Mapping[str, Sequence[Row]]
"""The rows of each run, by the label that the legend shows."""

_BARS = "▁▂▃▄▅▆▇█"


def families(series: Series) -> dict[str, list[str]]:
    """The metrics that belong in one panel: `acc` and `val_acc` are one family, `loss` and `val_loss` another."""
    found: dict[str, list[str]] = {}
    for rows in series.values():
        for name in names(rows):
            family = found.setdefault(name.removeprefix("val_"), [])
            if name not in family:
                family.append(name)
    return {key: sorted(members, key=lambda name: name.startswith("val_")) for key, members in found.items()}


def write_png(series: Series, path: Path, title: str = "") -> None:
    """One panel for each family of metrics; training drawn solid, validation dashed. Written whole or not at all.

    Raises FerryError if matplotlib isn't installed, if there is nothing to draw, or if the file can't be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (half a second; only for a PNG)
        from matplotlib.figure import Figure  # noqa: PLC0415
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415
    except ImportError as error:
        remedy = "pip install 'trainferry[plot]'; without -o it draws in the terminal"
        raise FerryError("drawing a PNG needs matplotlib", remedy=remedy) from error
    panels = _something(families(series))
    figure = Figure(figsize=(5.5 * len(panels), 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (family, members) in zip(axes, panels.items(), strict=True):
        for number, (label, rows) in enumerate(series.items()):
            for name in members:
                values = [math.nan if value is None else value for value in column(rows, name)]
                validation = name.startswith("val_")
                style = "--" if validation else "-"
                legend = f"{label} validation" if validation else label
                axis.plot(range(1, len(values) + 1), values, style, color=f"C{number % 10}", label=legend, marker=".")
        axis.set(title=family, xlabel="epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.3)
        axis.legend(fontsize="small")
    if title:
        figure.suptitle(title)
    half = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(half, format="png", dpi=120)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise FerryError(f"can't write {path}: {error.strerror}", remedy="name another file with -o") from error


def draw_text(series: Series, width: int = 80, *, ascii_only: bool = False) -> str:
    """One line for each metric of each run: its course as bars, then first, last, lowest and highest value.

    Lines keep within `width` columns where that leaves room for the course. Bars of one family share one scale, so that
    they can be compared by eye.
    """
    panels = _something(families(series))
    room = max(len(f"{label} {name}") for members in panels.values() for name in members for label in series)
    lines = []
    for family, members in panels.items():
        courses = {(label, name): column(rows, name) for label, rows in series.items() for name in members}
        finite = [
            value for course in courses.values() for value in course if value is not None and math.isfinite(value)
        ]
        if not finite:
            continue
        low, high = min(finite), max(finite)
        lines.append(f"{family}  ({low:.4g} to {high:.4g})")
        for (label, name), course in courses.items():
            present = [value for value in course if value is not None]
            if present:
                tail = f"{present[0]:.4g} -> {present[-1]:.4g}"
                bars = _bars(_squeeze(course, max(8, width - room - len(tail) - 6)), low, high, ascii_only=ascii_only)
                lines.append(f"  {f'{label} {name}':<{room}} {bars} {tail}")
    return "\n".join(lines)


def _something(panels: dict[str, list[str]]) -> dict[str, list[str]]:
    if not panels:
        raise FerryError("there is nothing to draw: no metrics yet", remedy="look again when the first epoch has ended")
    return panels


def _squeeze(course: Sequence[float | None], width: int) -> list[float | None]:
    """At most `width` values: neighbours are averaged if there are more."""
    if len(course) <= width:
        return list(course)
    result: list[float | None] = []
    for number in range(width):
        part = course[number * len(course) // width : (number + 1) * len(course) // width]
        known = [value for value in part if value is not None]
        result.append(sum(known) / len(known) if known else None)
    return result


def _bars(course: Sequence[float | None], low: float, high: float, *, ascii_only: bool) -> str:
    levels = "_.-=^" if ascii_only else _BARS
    span = (high - low) or 1.0
    return "".join(
        levels[round((value - low) / span * (len(levels) - 1))] if value is not None and math.isfinite(value) else " "
        for value in course
    )
