"""Reading stored runs, also those that another version of Trainferry wrote: specs gain fields and rules with time."""

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from trainferry.specs.run import RunRecord

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MOST_TRIES = 20
"""Times that a record is looked at again: what is wrong inside a field shows only once the field is known."""


def read_record(text: str | bytes) -> RunRecord:
    """The run that a JSON text holds. Of one that this version can't read whole, what it can't read is left out.

    Raises ValueError if too little remains: the id, backend, experiment, folder and time of the run have to be there.
    """
    try:
        return RunRecord.model_validate_json(text)
    except ValidationError as error:
        try:
            data = json.loads(text)
        except ValueError:
            raise error from None
        return _fitting(data)


def _fitting(data: Any) -> RunRecord:
    for _ in range(_MOST_TRIES):
        try:
            return RunRecord.model_validate(data)
        except ValidationError as error:
            if not all(_mend(data, problem) for problem in error.errors()):
                raise
    return RunRecord.model_validate(data)


def _mend(data: Any, problem: "ErrorDetails") -> bool:
    """Take out of the data what one of pydantic's errors is about; False if nothing can be done."""
    *inside, last = problem["loc"] or ("",)
    holder = data
    for part in inside:
        if not isinstance(holder, dict) or part not in holder or not isinstance(holder[part], dict):
            last = part
            break
        holder = holder[part]
    if isinstance(holder, dict) and last in holder and holder is not data:
        del holder[last]
    elif problem["loc"][:1] == ("job",) and isinstance(data, dict) and "id" in data:
        # Of the job itself nothing can be kept; the run still can be followed, fetched and removed.
        data["job"] = {"name": str(data["id"]).rpartition("-")[0] or "unknown", "script": "unknown"}
    elif isinstance(data, dict) and problem["type"] == "extra_forbidden" and last in data:
        del data[last]
    else:
        return False
    return True
