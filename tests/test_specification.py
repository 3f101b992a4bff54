import schemathesis
from schemathesis.config import SchemathesisConfig
import pytest, collections, os
from pydantic import SecretStr
from api import streams
from api.app import create_app
from state.connection import connect
from state.ledger import Ledger
from state.settings import Settings
from tests.test_api import Api, ScriptedLog

pytestmark = pytest.mark.redis

_S = Settings(token_key=SecretStr("k" * 32))
APP = create_app(_S, Ledger(connect(_S)), None)
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 5,
        "phases": {"fuzzing": {"generation": {"max-examples": int(os.environ.get("N", "10"))}}},
        "generation": {"deterministic": True},
    }
)
SCHEMA = schemathesis.openapi.from_dict(APP.api_doc, config=CONFIG)
class Front:
    app = None
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)
FRONT = Front()
SCHEMA.app = FRONT
CASES = collections.Counter()


@pytest.fixture
def api(empty_redis, monkeypatch):
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(streams, "POLL_SECONDS", 0.02)
    sett = empty_redis.settings("api").model_copy(update=dict(token_key=SecretStr("k" * 32), operator_key=SecretStr("o"*32), limiter_password=SecretStr(empty_redis.passwords["limiter"]), kafka="127.0.0.1:1", presto_port=1, streaming_metrics_port=1, namenode_http_port=1))
    api = Api(empty_redis)
    api.app = create_app(sett, api.ledger, api.log)
    FRONT.app = api.app
    api.client = api.app.test_client()
    api.token = api.register("carol") | {"Guildhall-Operator": "o"*32}
    api.register("bob")
    return api


from hypothesis import settings, HealthCheck
@SCHEMA.parametrize()
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_operation(case, api):
    r = case.call(headers=api.token)
    if r.status_code == 400 and "players" in case.path: print("KEY", repr(case.headers), r.content, case.meta.generation.mode, case.meta.phase)
    CASES[case.operation.label, r.status_code] += 1
    case.validate_response(r, headers=api.token, transport_kwargs={"headers": api.token})


def test_count():
    for k, v in sorted(CASES.items()):
        print(k, v)
    print(sum(CASES.values()))
