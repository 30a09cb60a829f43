"""The rules about datasets."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import E, Rule, W

RULES: Mapping[str, Rule] = {
    "dataset-empty": Rule(
        E,
        "A dataset holds no file",
        "A folder without files is uploaded without complaint and found empty by the script, minutes later.",
        "Fill it, or correct its path in the job file.",
        example="datasets: {images: {path: data}}   # data/ holds no file",
    ),
    "dataset-holds-source": Rule(
        W,
        "A dataset holds the source folder",
        "Code, version history and results of earlier runs would all be uploaded as data.",
        "Point the dataset at the folder that holds the data alone.",
        example="datasets: {images: {path: .}}",
    ),
    "dataset-missing": Rule(
        E,
        "A dataset is not there",
        "There is nothing to mount or upload.",
        "Correct its path, which is relative to the job file.",
        example="datasets: {images: {path: dta}}",
    ),
    "dataset-unreadable": Rule(
        E,
        "A dataset can't be read",
        "It can be neither mounted nor uploaded as it is.",
        "Give yourself the right to read it: chmod -R u+rX.",
        example="chmod 000 data/cats",
    ),
    "dataset-unused": Rule(
        W,
        "No argument mentions a dataset",
        "It would be mounted or uploaded, but the script is not told where it is.",
        "Pass it on as ${{ datasets.NAME }}, or take it out.",
        example="datasets: {images: {path: data}}   # and no argument ${{ datasets.images }}",
    ),
}
