"""Give the routes access to the parts that all requests of a process share, such as the ledger and the log."""

from dataclasses import dataclass

from flask import current_app

from api.backend.group_commit import GroupCommit
from api.backend.pipeline_status import StatusService
from api.backend.probes import Probes
from api.backend.settlement_waiter import SettlementWaiter
from api.backend.telemetry import Telemetry
from api.backend.tokens import Tokens
from infra.kafka.event_log import Log
from infra.settings import Settings
from state.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that the routes use. They are created once in each process."""

    settings: Settings
    ledger: Ledger
    log: Log
    commit: GroupCommit
    settlement_waiter: SettlementWaiter
    telemetry: Telemetry
    status: StatusService
    tokens: Tokens
    probes: Probes


def services() -> Services:
    """Return the parts that the routes of the current application use."""
    parts: Services = current_app.extensions["guildhall"]
    return parts
