"""Run ``./guildhall faults``: start a new instance, run one campaign on it, and report the result."""

import json
import secrets
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from infra.terminal import progress_columns
from load.faults.campaign import CampaignConfig, run_campaign
from load.faults.environment import fault_instance
from load.faults.report import print_campaign
from stack.instance import Instance
from stack.operations.reconcile.run import reconcile

# The longest wait until everything has landed. The campaign has waited for that before, so this wait is short.
VERIFY_SECONDS = 60.0


def run_faults(home: Path, port: int, realms: int, config: CampaignConfig, console: Console) -> bool:
    """Run a campaign on a new instance in the folder ``home``, and print its result.

    Returns True if there are no findings and Redis agrees with Presto.
    Raises OperatorError if a server does not start again.
    """
    config = replace(config, seed=secrets.randbelow(10**6) if config.seed is None else config.seed)
    console.print(f"Seed {config.seed}")
    with fault_instance(home, port, realms, console) as instance:
        with Progress(*progress_columns(), console=console, disable=not console.is_terminal) as progress:
            injected = progress.add_task("faults", total=config.faults)
            played = progress.add_task("operations", total=None)

            def report(count: int, operations: int, step: str) -> None:
                progress.update(injected, completed=count, description=step)
                progress.update(played, completed=operations)
                if not console.is_terminal:
                    console.print(f"{count:3} faults, {operations:6,} operations: {step}", highlight=False)

            campaign = run_campaign(instance, config, report)
        is_equal = reconcile(instance, range(realms), VERIFY_SECONDS, console)
        print_campaign(campaign, console)
        _write_rows(instance, "findings.jsonl", [asdict(finding) for finding in campaign.findings])
        _write_rows(instance, "faults.jsonl", [asdict(result) for result in campaign.results])
    console.print(f"The history, the findings and the servers' logs are in {home}.", highlight=False)
    return is_equal and not campaign.findings


def _write_rows(instance: Instance, name: str, rows: list[dict[str, object]]) -> None:
    file = instance.folder("faults") / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
