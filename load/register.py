"""Registers named players and waits until they are settled; writes their tokens for the scenario."""

import secrets
import time
from http import HTTPStatus
from pathlib import Path

import click
import requests

SETTLE_SECONDS = 60


@click.command()
@click.option("--url", required=True)
@click.option("--players", type=int, required=True)
@click.option("--realms", type=int, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(url: str, players: int, realms: int, out: Path) -> None:
    """Register players round robin in the realms."""
    run = secrets.token_hex(3)
    session = requests.Session()
    tokens = {}
    for i in range(players):
        name = f"p{run}_{i}"
        answer = session.post(f"{url}/players", json={"realm": i % realms, "name": name}, timeout=60)
        answer.raise_for_status()
        tokens[name] = answer.json()["token"]
    for token in tokens.values():
        wait_until_settled(session, url, token)
    file = out / "tokens.tsv"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}\t{token}\n" for name, token in tokens.items()))
    (out / "registered.txt").write_text(f"{len(tokens)}\n")


def wait_until_settled(session: requests.Session, url: str, token: str) -> None:
    """Return when the player of this token can act. Raises click.ClickException if that does not happen."""
    give_up = time.monotonic() + SETTLE_SECONDS
    headers = {"Authorization": f"Bearer {token}"}
    while session.get(f"{url}/inventory", headers=headers, timeout=60).status_code != HTTPStatus.OK:
        if time.monotonic() > give_up:
            raise click.ClickException(f"players are not settled after {SETTLE_SECONDS} s: is streaming up?")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
