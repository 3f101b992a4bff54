"""What the routes work with, wired once per process."""

from dataclasses import dataclass

from flask import current_app

from api.commit import GroupCommit
from api.overview import Watch
from api.telemetry import Telemetry
from api.tokens import Tokens
from api.waiting import Watcher
from state.ledger import Ledger
from state.log import Log
from state.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the routes."""

    settings: Settings
    ledger: Ledger
    log: Log
    commit: GroupCommit
    watcher: Watcher
    telemetry: Telemetry
    overview: Watch
    tokens: Tokens


def services() -> Services:
    """The parts behind the routes of the current application."""
    parts: Services = current_app.extensions["guildhall"]
    return parts
