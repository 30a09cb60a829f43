"""The settings of the cost guard: the table `[extension_settings.cost-guard]`."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CostGuardSettings(BaseModel):
    """How much runs may cost. At least one of the two budgets is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    per_run: float | None = Field(default=None, gt=0, description="Most that one run may cost (in `currency`).")
    per_month: float | None = Field(
        default=None, gt=0, description="Most that the runs of a calendar month (UTC) may cost (in `currency`)."
    )
    currency: str = Field(
        default="USD", pattern="^[A-Z]{3}$", description="Currency of the budgets, as ISO 4217 has it."
    )
    unknown: Literal["allow", "warn", "block"] = Field(
        default="warn", description="What to do about a run whose highest cost isn't known."
    )

    @model_validator(mode="after")
    def _has_a_budget(self) -> Self:
        if self.per_run is None and self.per_month is None:
            raise ValueError("the cost guard has no budget; give per_run, per_month, or both")
        return self
