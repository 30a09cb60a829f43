"""The rehearsal: the real script in the real environment on a sample of the data, here, under the target's rules.

The script runs as a job of the backend that the setting `rehearse_on` names, through its hooks `plan_rehearsal` and
`rehearsal_evidence`. `witness` goes into the script's own process and says what it did; it also caps Keras' fit.
"""

from trainferry.rehearsing.result import Rehearsed
from trainferry.rehearsing.stage import rehearse

__all__ = ["Rehearsed", "rehearse"]
