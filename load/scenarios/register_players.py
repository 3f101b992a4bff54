"""Registers named players and waits until they are settled; writes their tokens for the scenario."""

import secrets
from pathlib import Path

import click

from load.guildhall_client import Guildhall

SETTLE_SECONDS = 60


@click.command()
@click.option("--url", required=True)
@click.option("--players", type=int, required=True)
@click.option("--realms", type=int, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--operator-key", envvar="GUILDHALL_OPERATOR_KEY", help="Frees the load of the rate limits.")
def main(url: str, players: int, realms: int, out: Path, operator_key: str | None) -> None:
    """Register players round robin in the realms."""
    run = secrets.token_hex(3)
    everybody = [Guildhall(url, operator_key=operator_key) for _ in range(players)]
    registered = [player.register(i % realms, f"p{run}_{i}")["id"] for i, player in enumerate(everybody)]
    for player, event_id in zip(everybody, registered, strict=True):
        try:
            player.wait_until_settled(event_id, SETTLE_SECONDS)
        except TimeoutError as error:
            raise click.ClickException(f"{error}: is streaming up?") from error
    file = out / "tokens.tsv"
    file.touch(mode=0o600)
    file.write_text("".join(f"{player.name}\t{player.token}\n" for player in everybody))
    (out / "registered.txt").write_text(f"{len(everybody)}\n")


if __name__ == "__main__":
    main()
