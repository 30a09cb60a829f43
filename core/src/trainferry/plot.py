"""Metrics by epoch, drawn: in the terminal with plotille, as a picture with matplotlib (the extra `plot`)."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.errors import FerryError
from trainferry.metrics import Row, by_epoch, family_of, is_validation, names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Series = Mapping[str, Sequence[Row]]
"""The rows of each run, by its label."""

_ENDINGS = (".png", ".svg", ".pdf")
_COLOURS = ("cyan", "yellow", "magenta", "green", "red", "blue")
_NARROWEST, _WIDEST, _HEIGHT = 40, 120, 12
_LABELS = 24
"""Columns beside a drawing that the scale on its left and the name of its axis on the right take."""


def write_png(series: Series, path: Path) -> None:
    """Write a picture: a panel for each metric, training solid and validation dashed, a colour for each run.

    The ending of the path may also be .svg or .pdf. The file appears whole or not at all. Raises FerryError if
    matplotlib is not installed, there is nothing to draw, or the file can't be written.
    """
    if path.suffix.lower() not in _ENDINGS:
        remedy = f"name it like {path.with_suffix('.png').name}"
        raise FerryError(f"can't draw a file of the kind '{path.suffix or path.name}'", remedy=remedy)
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (an extra, and half a second)
    except ImportError as error:
        raise FerryError(
            "drawing a picture needs matplotlib, which is not installed", remedy="pip install 'trainferry[plot]'"
        ) from error
    families = families_of(series)
    columns = min(len(families), 2)
    rows = math.ceil(len(families) / columns)
    figure = Figure(figsize=(6 * columns, 4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, family in zip(panels, families, strict=False):
        _draw_panel(axes, family, families[family], series)
    for axes in list(panels)[len(families) :]:
        axes.set_axis_off()
    _save(figure, path)


def _draw_panel(axes: "Axes", family: str, names: list[str], series: Series) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    for number, (label, rows) in enumerate(series.items()):
        for name in names:
            points = _points(rows, name)
            if points:
                style = "--" if is_validation(name) else "-"
                axes.plot(*zip(*points, strict=True), style, color=f"C{number}", marker=".", label=f"{label}: {name}")
    axes.set(title=family, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize="small")


def _save(figure: Any, path: Path) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        figure.savefig(half, format=path.suffix[1:].lower(), dpi=150)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise FerryError(f"can't write {path}: {error.strerror}", remedy="name another file with -o") from error


def draw_text(series: Series, width: int, *, ascii_only: bool = False) -> str:
    """Draw the runs with text of at most `width` columns: a chart for each metric, a letter for each run.

    A small letter marks a training metric, a capital one validation; below stand the first and the last values. Lines
    join the points of training in braille, unless `ascii_only`.
    Colour is for terminals, unless the variable NO_COLOR is set; FORCE_COLOR asks for it anywhere.
    Raises FerryError if there is nothing to draw.
    """
    width = max(_NARROWEST, min(width, _WIDEST))
    charts = [
        _chart(family, names, series, width, lines=not ascii_only) for family, names in families_of(series).items()
    ]
    return "\n\n".join(charts)


def _chart(family: str, names: list[str], series: Series, width: int, *, lines: bool) -> str:
    import plotille  # type: ignore[import-untyped]  # noqa: PLC0415  (only who draws needs it)

    figure = plotille.Figure()
    figure.width, figure.height = width - _LABELS, _HEIGHT
    figure.color_mode, figure.origin = "names", False
    figure.x_label, figure.y_label = "epoch", family
    figure.y_ticks_fkt = lambda value, _: f"{value:10.4g}"
    figure.x_ticks_fkt = lambda value, _: f"{value:.3g}"
    drawn, legend = [], []
    for number, (label, rows) in enumerate(series.items()):
        letter = chr(ord("a") + number % 26)
        for name in names:
            points = _points(rows, name)
            if points:
                mark = letter.upper() if is_validation(name) else letter
                joined = "linear" if lines and not is_validation(name) else None
                pen = _COLOURS[number % len(_COLOURS)]
                figure.plot(*zip(*points, strict=True), lc=pen, interp=joined, marker=mark)
                drawn += points
                legend.append(f"{mark} {label}: {name} {points[0][1]:.4g} -> {points[-1][1]:.4g}")
    _set_limits(figure, drawn)
    chart = "\n".join(line.rstrip(" \u2800") for line in figure.show().splitlines())
    return f"{chart if lines else _ascii(chart)}\n" + "\n".join(f"  {entry}"[:width] for entry in legend)


def _set_limits(figure: Any, points: list[tuple[float, float]]) -> None:
    for set_limits, values in (
        (figure.set_x_limits, [x for x, _ in points]),
        (figure.set_y_limits, [y for _, y in points]),
    ):
        low, high = min(values), max(values)
        margin = (high - low) * 0.02 or abs(high) * 0.1 or 1.0
        set_limits(low - margin, high + margin)


def _ascii(chart: str) -> str:
    """The chart without the blank braille that plotille fills it with."""
    return chart.replace("\u2800", " ").encode("ascii", "replace").decode()


def families_of(series: Series) -> dict[str, list[str]]:
    """The metrics by what they measure, such as `acc` for `acc` and `val_acc`; FerryError if there are none."""
    families: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for rows in series.values() for name in names_of(rows)):
        if any(_points(rows, name) for rows in series.values()):
            families.setdefault(family_of(name), []).append(name)
    if not families:
        raise FerryError(
            f"no metrics to draw of {', '.join(series) or 'nothing'}",
            remedy="the script writes them, and the job names the file: metrics: outputs/history.csv",
        )
    return families


def _points(rows: Sequence[Row], name: str) -> list[tuple[float, float]]:
    """Epoch, counted from 1 where the script counts from 0, and value, where that is a finite number."""
    values = by_epoch(rows, name)
    first = 1 if values and min(values) == 0 else 0
    return [(epoch + first, value) for epoch, value in sorted(values.items()) if math.isfinite(value)]
