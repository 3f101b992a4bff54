"""Register named players for ``load/data_generator.sh``, and write their tokens to a file."""

import secrets
from pathlib import Path

import click

from load.guildhall_client import Guildhall

SETTLE_SECONDS = 60  # longest wait; a registration is settled within a second or two, unless streaming is down


@click.command()
@click.option("--url", required=True, help="The API, such as http://127.0.0.1:7400.")
@click.option("--players", type=int, required=True, help="Number of players.")
@click.option("--realms", type=int, required=True, help="Number of realms.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for tokens.tsv and registered.txt.")
@click.option("--operator-key", envvar="GUILDHALL_OPERATOR_KEY", help="Exempts the requests from the rate limits.")
def main(url: str, players: int, realms: int, out: Path, operator_key: str | None) -> None:
    """Register players in the realms in turn, and wait until every registration is settled."""
    run = secrets.token_hex(3)
    clients = [Guildhall(url, operator_key=operator_key) for _ in range(players)]
    event_ids = [client.register(i % realms, f"p{run}_{i}")["id"] for i, client in enumerate(clients)]
    for client, event_id in zip(clients, event_ids, strict=True):
        try:
            client.wait_until_settled(event_id, SETTLE_SECONDS)
        except TimeoutError as error:
            raise click.ClickException(f"{error}: type ./guildhall status to see whether streaming runs") from error
    file = out / "tokens.tsv"
    file.touch(mode=0o600)
    file.write_text("".join(f"{client.name}\t{client.token}\n" for client in clients))
    (out / "registered.txt").write_text(f"{len(clients)}\n")


if __name__ == "__main__":
    main()
