"""Print the faults and operations of a campaign as tables, and its findings as lines."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from load.faults.campaign import Campaign, InjectionResult

# More lines would scroll the tables off the screen. The file findings.jsonl contains all findings.
MAX_PRINTED_FINDINGS = 40


def print_campaign(campaign: Campaign, console: Console) -> None:
    """Print the tables of faults and operations, some totals, and the findings."""
    console.print(_faults(campaign))
    console.print(_operations(campaign))
    kinds = Counter(result.fault for result in campaign.results if not result.skipped)
    records = ", ".join(f"{count:,} {name}" for name, count in sorted(campaign.totals.items()))
    console.print(f"Records in the log: {records}.")
    players = len({o.player for o in campaign.operations if o.kind == "register" and o.outcome == "success"})
    console.print(
        f"Seed {campaign.seed}: {len(campaign.operations):,} operations by {players:,} registered players in "
        f"{campaign.seconds:.0f} s, {sum(kinds.values())} faults of {len(kinds)} kinds."
    )
    for finding in campaign.findings[:MAX_PRINTED_FINDINGS]:
        console.print(f"[red]{finding.kind}[/] realm {finding.realm}: {finding.detail}", highlight=False)
    console.print(f"[{'red' if campaign.findings else 'green'}]{len(campaign.findings)} findings[/]")


def _faults(campaign: Campaign) -> Table:
    table = Table(
        title="Faults (+: together with the fault above), seconds until every realm accepts and until all is settled",
        title_justify="left",
        box=None,
    )
    table.add_column("at", justify="right")
    table.add_column("fault")
    table.add_column("accepts", justify="right")
    table.add_column("settled", justify="right")
    for result in campaign.results:
        at = f"{result.began - campaign.began:.0f} s"
        name = ("+ " if result.together else "") + result.fault
        if result.skipped:
            table.add_row(at, name, "skipped", "")
            table.add_row("", f"  {result.skipped}")
        else:
            table.add_row(at, name, _seconds(campaign.seconds_until_accepting(result)), _settled(result))
    return table


def _settled(result: InjectionResult) -> str:
    return _seconds(None if result.settled is None else result.settled - result.began)


def _seconds(seconds: float | None) -> str:
    return "[red]never[/]" if seconds is None else f"{seconds:.1f} s"


def _operations(campaign: Campaign) -> Table:
    counts: Counter[tuple[str, str]] = Counter((o.kind, o.outcome) for o in campaign.operations)
    table = Table(title="Operations", title_justify="left", box=None)
    table.add_column("kind")
    outcomes = ("success", "refused", "unknown")
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    for kind in sorted({kind for kind, _ in counts}):
        table.add_row(kind, *(f"{counts[kind, outcome]:,}" for outcome in outcomes))
    totals = [sum(n for (_, outcome), n in counts.items() if outcome == name) for name in outcomes]
    table.add_row("[bold]all", *(f"[bold]{total:,}" for total in totals))
    return table
