"""The Flask application."""

import logging

from flask import Flask

from api.commit import GroupCommit
from api.problems import register_error_handlers
from api.routes import routes
from api.services import Services
from api.tokens import Tokens
from api.waiting import Watcher
from state.connection import connect
from state.ledger import Ledger
from state.log import KafkaLog, Log
from state.settings import Settings

MAX_BODY_BYTES = 4096  # the largest legal body is under 200 bytes


def create_app(settings: Settings, ledger: Ledger, log: Log) -> Flask:
    """The API over these parts. Raises ValueError if the settings hold no key to sign tokens with."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    tokens = Tokens(settings.token_key.get_secret_value())
    app.extensions["guildhall"] = Services(
        settings, ledger, log, GroupCommit(ledger, log, settings), Watcher(ledger), tokens
    )
    app.register_blueprint(routes)
    register_error_handlers(app)
    return app


def from_environment() -> Flask:
    """The API as the environment variables describe it: what the WSGI server calls."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    settings = Settings()
    return create_app(settings, Ledger(connect(settings, attach=True), settings), KafkaLog(settings))
