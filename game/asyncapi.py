"""Describes the event topic as an AsyncAPI 3.0 document, derived from the event schema and the event types."""

from typing import Any, Final

from game.event_types import CONTROL, EVENT_TYPES
from game.events import MAX_BYTES, TELEMETRY, VERSION, Event
from game.examples import examples

Json = dict[str, Any]

_BINDING_VERSION: Final = "0.5.0"

_DESCRIPTION: Final = f"""Every accepted action of every player, in the order in which it counts. The topic is the
source of truth: balances, guilds and histories are functions of it.

* **Realms.** Partition n contains realm n, and its offsets are the order of the realm's events. Players of different
  realms never meet.
* **Key.** The name of the acting player; empty for a fence. It is for people who read the topic: the realm alone
  determines the partition.
* **Time.** The topic has `message.timestamp.type=LogAppendTime`: a record's timestamp is the broker's clock, which
  also decides what the ledger forgets after a day. An event's own `time` is when the API decided.
* **Transfers.** `transfers` move whole amounts from account to account, all of an event's or none. An event is
  effective if it is the first of its `id` that is not stale, and if its debits are covered. Those of players' events
  always are, because a hold covers them before they are appended. `details` are for people and analysts: no balance
  depends on them.
* **Voids.** A `void` carries the id of an action whose event did not reach the log in time. If the log has an event
  and a void with the same id, the first one counts and the other one does nothing.
* **Fences.** A `fence` opens a generation of its realm, which is the fence's offset. Events and voids whose
  `generation` is not the current one of their realm are stale: they do nothing, and their id can be used again.
* **Telemetry.** {", ".join(f"`{name}`" for name in sorted(TELEMETRY))} move nothing, may be lost, and may have the
  same id as another event.
* **Everything else** in the topic is malformed: it goes to quarantine and moves nothing. So does a value of more than
  {MAX_BYTES} bytes.

Readers must ignore types that they do not know. The repository says in docs/concepts/events.md what may change."""


def document() -> Json:
    """Return the whole AsyncAPI document."""
    names = list(EVENT_TYPES)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Guildhall events", "version": f"{VERSION}.0.0", "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "127.0.0.1:7402",
                "protocol": "kafka",
                "description": "The broker of an instance: port 2 of its block of ports.",
            }
        },
        "channels": {"events": _channel(names)},
        "operations": {
            "append": _operation(
                "send", "The API appends actions and telemetry; API and streams append voids and fences."
            ),
            "read": _operation("receive", "The streams settle and land every record of a partition in order."),
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channel(names: list[str]) -> Json:
    return {
        "address": "events",
        "title": "All events of all realms",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": "events", "bindingVersion": _BINDING_VERSION}},
    }


def _operation(action: str, summary: str) -> Json:
    return {"action": action, "summary": summary, "channel": {"$ref": "#/channels/events"}}


def _messages() -> Json:
    found = examples()
    return {name: _message(name, text, found[name]) for name, text in EVENT_TYPES.items()}


def _message(name: str, text: str, example: Event) -> Json:
    kind = "control" if name in CONTROL else "telemetry" if name in TELEMETRY else "action"
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "summary": text,
        "tags": [{"name": kind}],
        "contentType": "application/json",
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Event"},
                {"type": "object", "properties": {"type": {"const": name}}},
            ]
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "the acting player; empty for a fence"},
                "bindingVersion": _BINDING_VERSION,
            }
        },
        "examples": [{"name": name, "payload": example.model_dump()}],
    }


def _schemas() -> Json:
    """Return pydantic's schema of an event, with the nested schemas moved out of it to the same level."""
    schema = Event.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: Json = schema.pop("$defs")
    return {"Event": schema, **parts}
