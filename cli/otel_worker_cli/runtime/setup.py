"""Everything that `otel-worker dev` needs on disk, in order."""

from __future__ import annotations

from otel_worker_cli.runtime.bundle import runtime_bundle_step
from otel_worker_cli.runtime.packages import node_packages_step, worker_client_step, worker_packages_step
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, run_steps
from otel_worker_cli.runtime.workerd import workerd_wrapper_step


def setup_steps(checkout: Checkout) -> list[Step]:
    return [
        node_packages_step(checkout),
        worker_packages_step(checkout),
        # After that one, which empties the folder.
        worker_client_step(checkout),
        runtime_bundle_step(checkout),
        workerd_wrapper_step(checkout),
    ]


def set_up(checkout: Checkout) -> list[str]:
    """Run the steps that are not up to date and return their titles."""
    return run_steps(setup_steps(checkout), checkout.lock)
