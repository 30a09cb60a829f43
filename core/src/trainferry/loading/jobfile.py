"""Job files: read with every problem at once and the place of each, written so that reading gives the same job."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.errors import FerryError, JobFileError, Location
from trainferry.loading.building import Built, build
from trainferry.loading.composing import compose
from trainferry.loading.reading import read_text
from trainferry.specs.job import Job, Origin
from trainferry.specs.text import FROM_FILE

if TYPE_CHECKING:
    from pydantic import ValidationError


def load_job(path: Path) -> Job:
    """Read a job file. Relative paths of the job start at its folder.

    Raises JobFileError holding every problem, in the order of the file. What is only doubtful goes to
    `job.origin.findings`, and `job.origin.marks` holds the place of each key and list item.
    """
    built = build(compose(read_text(path), str(path)))
    job = _validated(built, Location(str(path)))
    findings = tuple(built.findings)
    return job.with_origin(Origin(path.absolute().parent, str(path), built.marks, findings))


def _validated(built: Built, where: Location) -> Job:
    from pydantic import ValidationError  # noqa: PLC0415  (paid by the spec already)

    data, problems = built.data, list(built.problems)
    if not isinstance(data, dict):
        if not problems:
            message = "a job file is a table of keys such as name, script and arguments"
            problems.append(
                FerryError(message, where=built.marks.get((), where), remedy="start with name: and script:")
            )
        raise JobFileError(problems)
    parts = data.get("backends")
    rest = {key: value for key, value in data.items() if key != "backends"} if isinstance(parts, dict) else data
    try:
        job = Job.model_validate(rest, context=FROM_FILE)
    except ValidationError as error:
        problems += _explained(error, built)
    else:
        if isinstance(parts, dict):
            problems += _problems_of_parts(job, parts, built)
    if problems:
        raise JobFileError(sorted(problems, key=_position))
    return Job.model_validate(data, context=FROM_FILE) if parts else job


def _problems_of_parts(job: Job, parts: dict[str, Any], built: Built) -> list[FerryError]:
    """What is wrong with the parts that hold on one backend only: each is laid over the job, as a run would do."""
    from pydantic import ValidationError  # noqa: PLC0415

    problems = []
    for name, part in parts.items():
        where = built.marks.get(("backends", name))
        if not isinstance(part, dict):
            message = f"backends.{name} must be a table of the job's own keys"
            problems.append(FerryError(message, where=where, remedy="write the keys that differ there, or take it out"))
            continue
        if "backends" in part:
            where = built.marks.get(("backends", name, "backends"), where)
            problems.append(FerryError(f"backends.{name} can't hold backends again", where=where, remedy="take it out"))
            continue
        try:
            job.laid_over(part, context=FROM_FILE)
        except ValidationError as error:
            problems += _explained(error, built, ("backends", name))
    return problems


def _explained(error: "ValidationError", built: Built, prefix: tuple[str, ...] = ()) -> list[FerryError]:
    from trainferry.loading.explaining import explain  # noqa: PLC0415  (only for a job file with mistakes)

    return explain(error.errors(include_url=False), built, prefix)


def _position(problem: FerryError) -> tuple[int, int]:
    where = problem.where
    return (where.line or 0, where.column or 0) if where else (0, 0)


def dump_job(job: Job) -> str:
    """The job as YAML that `load_job` reads as an equal job: keys in the order of the spec, defaults left out."""
    import yaml  # noqa: PLC0415

    from trainferry.loading.dumping import JobDumper  # noqa: PLC0415  (reading needs none of it)

    return str(yaml.dump(job.to_data(), Dumper=JobDumper, sort_keys=False, allow_unicode=True, width=100))
