"""What every spec has in common: frozen, no unknown keys, built only when first used."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """Base of every spec model.

    Frozen, so that what was checked is what runs; unknown keys are refused, so that a typing error is never silent;
    `defer_build` keeps start-up short: the validator of a model is made when it is first needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_default=False)

    def to_data(self) -> dict[str, Any]:
        """Plain JSON-ready data with only what was set or differs from the default; `model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)
