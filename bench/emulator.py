"""How long the Azure ML emulator takes: from nothing to ready, and a job that does nothing through azureml-core.

The job is a whole process of the user's, from its import of the SDK to the end of the run; the image of its environment
has been built before, as by the first of many runs. The peer of both is patience: the figures are seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

from azureml_emulator import AzureMLEmulator
from pairs import Figure, parser, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "emulator" / "tests" / "support"))
from real_sdk import run_sdk

SUBMIT = """
import sys
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

workspace = Workspace.from_config()
if "bench" not in workspace.compute_targets:
    wanted = AmlCompute.provisioning_configuration(vm_size="Standard_DS3_v2", max_nodes=2)
    ComputeTarget.create(workspace, "bench", wanted).wait_for_completion()
environment = Environment("bench")
environment.python.conda_dependencies.set_python_version("3.11")
job = ScriptRunConfig(sys.argv[1], "noop.py", compute_target="bench", environment=environment)
run = Experiment(workspace, "bench").submit(job)
run.wait_for_completion()
assert run.get_status() == "Completed"
"""


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    options = parser(__doc__)
    options.set_defaults(pairs=7)
    arguments = options.parse_args()
    starts, jobs = [], []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "source").mkdir()
        (scratch / "source" / "noop.py").write_text("print('nothing')\n", encoding="utf-8")
        (scratch / "submit.py").write_text(SUBMIT, encoding="utf-8")
        for number in range(-1, arguments.pairs):
            begun = time.perf_counter()
            with AzureMLEmulator() as azure:
                starts.append(time.perf_counter() - begun)
                home = scratch / f"home{number}"
                azure.write_config(home)
                # The first job makes the compute target, and what the SDK keeps in the user's home.
                run_sdk(azure, home, scratch / "submit.py", scratch / "source")
                begun = time.perf_counter()
                run_sdk(azure, home, scratch / "submit.py", scratch / "source")
                jobs.append(time.perf_counter() - begun)
            print(f"  {number}: ready after {starts[-1]:.2f} s, job {jobs[-1]:.2f} s", file=sys.stderr, flush=True)
    figures = [
        Figure("Azure ML emulator, start to ready", "the clock", "s", tuple(starts[1:]), at_most=6),
        Figure("a no-op job through azureml-core", "the clock", "s", tuple(jobs[1:]), at_most=15),
    ]
    return report(figures, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
