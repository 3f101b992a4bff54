"""Build the Flask application from its parts."""

from typing import Final

from api.backend.group_commit import GroupCommit
from api.backend.pipeline_status import StatusService
from api.backend.probes import Probes
from api.backend.process_metrics import api_metrics
from api.backend.settlement_waiter import SettlementWaiter
from api.backend.telemetry import Telemetry
from api.backend.tokens import Tokens
from api.http.guards import register_guards
from api.http.rate_limits import register_limits
from api.http.request_metrics import register_metrics
from api.http.services import Services
from api.openapi.app import Api
from api.page import register_page
from api.problems.problems import register_error_handlers
from api.routes import register_routes
from infra import json_logging
from infra.kafka.event_log import KafkaLog, Log
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger

MAX_BODY_BYTES: Final = 16 * 1024  # enough for the largest batch, which has 50 actions of less than 200 bytes each


def create_app(settings: Settings, ledger: Ledger, log: Log) -> Api:
    """Return the application that uses this ledger and this log.

    Raises ValueError if the settings have no key to sign tokens with.
    """
    app = Api(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    probes = Probes()
    app.extensions["guildhall"] = Services(
        settings,
        ledger,
        log,
        GroupCommit(ledger, log, settings),
        SettlementWaiter(ledger),
        Telemetry(log),
        StatusService(ledger, settings, probes),
        Tokens(settings.token_key.get_secret_value(), settings.token_days),
        probes,
    )
    register_metrics(app)
    register_limits(app, settings)
    register_routes(app)
    register_page(app, settings.vendor)
    register_error_handlers(app)
    register_guards(app)
    return app


def from_environment() -> Api:
    """Return the application with the settings of the environment variables. The WSGI server calls this function."""
    json_logging.configure(api_metrics().log_lines_lost.inc)
    settings = Settings()
    return create_app(settings, Ledger(connect(settings, attach=True), settings), KafkaLog(settings))
