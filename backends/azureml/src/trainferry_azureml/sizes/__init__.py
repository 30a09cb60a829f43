"""VM sizes of Azure that train: what each has and costs, what ended, and what to take instead. All of it offline.

find("NC6_promo")                        # a Size, or None; print it for one line
withdrawal("Standard_NC6_Promo")         # series, day, successor; .over() tells whether it has ended
nearest("Standard_NC6s_v3", offered)     # names, the nearest first
did_you_mean("Standard_NC4as_T4_v4")     # names of sizes that there are
cores_needed("Standard_NC4as_T4_v3", 3)  # ("Standard NCASv3_T4 Family", 12)
"""

from trainferry_azureml.sizes.choosing import cores_needed, did_you_mean, nearest
from trainferry_azureml.sizes.table import Size, all_sizes, find
from trainferry_azureml.sizes.withdrawn import Withdrawal, withdrawal

__all__ = ["Size", "Withdrawal", "all_sizes", "cores_needed", "did_you_mean", "find", "nearest", "withdrawal"]
