"""``./guildhall audit``: a campaign on an instance of its own, with progress and a report."""

import json
import secrets
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from load.faults.campaign import run as run_campaign
from load.faults.environment import arena
from load.faults.report import print_campaign
from stack.instance import Instance
from stack.operations.reconcile import run as verify

THREADS = 12  # of players at once: more would only take the two cores from what is tested
VERIFY_SECONDS = 60.0  # for landing, which has come to its end before


def run(
    home: Path, port: int, realms: int, players: int, actions: int, faults: int, seed: int | None, console: Console
) -> bool:
    """Run it; answers whether nothing was found. Raises StackError if the servers do not start or come back."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    console.print(f"Seed {seed}")
    with arena(home, port, realms, console) as instance:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            done, played = progress.add_task("faults", total=faults), progress.add_task("operations", total=None)

            def report(count: int, operations: int, what: str) -> None:
                progress.update(done, completed=count, description=what)
                progress.update(played, completed=operations)
                if not console.is_terminal:
                    console.print(f"{count:3} faults, {operations:6,} operations: {what}", highlight=False)

            campaign = run_campaign(instance, players, actions, faults, seed, THREADS, report)
        same = verify(instance, range(realms), VERIFY_SECONDS, console)
        print_campaign(campaign, console)
        _keep(instance, "findings.jsonl", [asdict(finding) for finding in campaign.findings])
        _keep(instance, "faults.jsonl", [asdict(outcome) for outcome in campaign.outcomes])
    console.print(f"The history, the findings and the servers' logs are in {home}.", highlight=False)
    return same and not campaign.findings


def _keep(instance: Instance, name: str, rows: list[dict[str, object]]) -> None:
    file = instance.folder("audit") / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
