"""An extension of Trainferry: a run that could cost more than the budget is not submitted."""
