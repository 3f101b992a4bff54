"""Test that events in version 1 stay readable and that the topic's document describes them.

See docs/concepts/events.md.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from game.asyncapi import document
from game.event_types import ACTIONS, CONTROL, EVENT_TYPES
from game.events import FENCE, TELEMETRY, VOID, Event, decode, encode
from game.examples import examples

GOLDEN = Path(__file__).parent / "golden"

LINES = [line.encode() for line in (GOLDEN / "events_v1.jsonl").read_text().removesuffix("\n").split("\n")]

SNAPSHOT = json.loads((GOLDEN / "event_schema_v1.json").read_text())

Json = dict[str, Any]


def read(line: bytes) -> Event:
    return decode(line, json.loads(line)["realm"])


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["id"])
def test_golden_event_is_read_with_the_same_values(line: bytes) -> None:
    written = json.loads(line)
    assert read(line).model_dump() == {"request": ""} | written


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["id"])
def test_event_has_one_encoding(line: bytes) -> None:
    written = encode(read(line))
    assert encode(read(written)) == written
    if "request" in json.loads(line):
        assert written == line


def test_golden_lines_cover_every_type_and_edge() -> None:
    events = [read(line) for line in LINES]
    assert {event.type for event in events} >= EVENT_TYPES.keys()
    assert any("request" not in json.loads(line) for line in LINES)
    assert max(len(event.transfers) for event in events) == 100
    assert any(not text.isascii() for event in events for text in event.details.values() if isinstance(text, str))
    assert any(event.type not in EVENT_TYPES for event in events)


def test_every_type_has_an_example() -> None:
    found = examples()
    assert found.keys() == EVENT_TYPES.keys() == ACTIONS | CONTROL | TELEMETRY
    assert all(event.type == name for name, event in found.items())
    assert all(bool(event.transfers) == (name in ACTIONS) for name, event in found.items())
    assert all(text.endswith(".") and len(text) < 120 for text in EVENT_TYPES.values())
    assert {VOID, FENCE} == CONTROL


def incompatible(old: Json, new: Json) -> list[str]:
    """Return the places where the schema ``new`` would reject or misread a value that the schema ``old`` accepted."""
    return list(_changes(old, new, "event", old.get("$defs", {}), new.get("$defs", {})))


def _changes(old: Json, new: Json, at: str, old_parts: Json, new_parts: Json) -> Iterator[str]:
    old, new = _resolved(old, old_parts), _resolved(new, new_parts)
    yield from _narrower(old, new, at)
    if old.get("default") != new.get("default"):
        yield f"{at} has another default"
    if set(old.get("required", ())) != set(new.get("required", ())):
        yield f"{at} requires other properties"
    for name, schema in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _changes(schema, new["properties"][name], f"{at}.{name}", old_parts, new_parts)
        else:
            yield f"{at}.{name} is gone"
    for word in ("items", "additionalProperties", "propertyNames"):
        one, other = old.get(word, True), new.get(word, True)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _changes(one, other, f"{at}.{word}", old_parts, new_parts)
        elif one is not other and other is not True:
            yield f"{at}.{word} is narrower"
    for choice in old.get("anyOf", ()):
        if all(list(_changes(choice, other, at, old_parts, new_parts)) for other in new.get("anyOf", (new,))):
            yield f"{at} may not be {choice} any more"


def _narrower(old: Json, new: Json, at: str) -> Iterator[str]:
    for word in ("type", "enum", "const", "multipleOf", "format"):
        if old.get(word) != new.get(word):
            yield f"{at} has another {word}"
    for word, bound, sign in [
        (f"{edge}{what}", None, sign)
        for edge, sign in (("min", 1), ("max", -1), ("exclusiveMin", 1), ("exclusiveMax", -1))
        for what in ("imum", "Length", "Items", "Properties")
    ]:
        bound = new.get(word)
        if bound is not None and (word not in old or sign * bound > sign * old[word]):
            yield f"{at} has a narrower {word}"
    if "pattern" in new and not _takes_all(old.get("pattern", "(?s).*"), new["pattern"]):
        yield f"{at} has a narrower pattern"


def _takes_all(old: str, new: str) -> bool:
    """Return whether the new pattern matches 300 random texts that the old pattern matches."""

    @settings(max_examples=300, database=None)
    @given(st.from_regex(old))
    def check(text: str) -> None:
        assert re.search(new, text)

    try:
        if old != new:
            check()
    except AssertionError:
        return False
    return True


def _resolved(schema: Json, parts: Json) -> Json:
    return parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_schema_accepts_what_it_accepted_before() -> None:
    assert incompatible(SNAPSHOT, Event.model_json_schema()) == []


def account(schema: Json) -> Json:
    return schema["$defs"]["EventTransfer"]["properties"]["debit"]


def properties(schema: Json) -> Json:
    return schema["properties"]


COMPATIBLE: dict[str, Callable[[Json], object]] = {
    "an optional property": lambda s: properties(s).update(trace={"type": "string", "default": ""}),
    "more kinds of accounts": lambda s: account(s).update(
        pattern=account(s)["pattern"].replace("guild", "guild|alliance")
    ),
    "longer accounts": lambda s: account(s).update(maxLength=90),
    "more transfers": lambda s: properties(s)["transfers"].update(maxItems=200),
    "another description": lambda s: properties(s)["id"].update(description="x", title="y"),
    "another kind of details": lambda s: properties(s)["details"]["additionalProperties"]["anyOf"].append(
        {"type": "boolean"}
    ),
}

INCOMPATIBLE: dict[str, Callable[[Json], object]] = {
    "a property removed": lambda s: properties(s).pop("request"),
    "a property newly required": lambda s: s["required"].append("request"),
    "a property not required any more": lambda s: s["required"].remove("player"),
    "a new property that is required": lambda s: (
        properties(s).update(x={"type": "string"}),
        s["required"].append("x"),
    ),
    "a narrower pattern": lambda s: account(s).update(pattern=account(s)["pattern"].replace("guild|", "")),
    "a pattern where none was": lambda s: properties(s)["time"].update(pattern="^2"),
    "a smaller maximum": lambda s: properties(s)["generation"].update(maximum=10),
    "a larger minimum": lambda s: properties(s)["generation"].update(minimum=0),
    "fewer transfers": lambda s: properties(s)["transfers"].update(maxItems=99),
    "another type": lambda s: properties(s)["realm"].update(type="string"),
    "another default": lambda s: properties(s)["request"].update(default="none"),
    "numbers no more in details": lambda s: properties(s)["details"]["additionalProperties"]["anyOf"].pop(),
    "shorter keys of details": lambda s: properties(s)["details"]["propertyNames"].update(maxLength=40),
    "smaller amounts": lambda s: s["$defs"]["EventTransfer"]["properties"]["amount"].update(maximum=10**6),
}


@pytest.mark.parametrize("change", COMPATIBLE.values(), ids=COMPATIBLE)
def test_compatible_change_of_schema_is_allowed(change: Callable[[Json], object]) -> None:
    new = copy.deepcopy(SNAPSHOT)
    change(new)
    assert new != SNAPSHOT
    assert incompatible(SNAPSHOT, new) == []


@pytest.mark.parametrize("change", INCOMPATIBLE.values(), ids=INCOMPATIBLE)
def test_incompatible_change_of_schema_is_found(change: Callable[[Json], object]) -> None:
    new = copy.deepcopy(SNAPSHOT)
    change(new)
    assert len(incompatible(SNAPSHOT, new)) == 1


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from ([part["$ref"]] if "$ref" in part else [])
    for child in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(child)


def test_document_has_the_parts_of_asyncapi() -> None:
    found = document()
    assert json.loads(json.dumps(found)) == found
    assert found["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= found["info"].keys()
    assert all({"host", "protocol"} <= server.keys() for server in found["servers"].values())
    assert [channel["address"] for channel in found["channels"].values()] == ["events"]
    assert {operation["action"] for operation in found["operations"].values()} == {"send", "receive"}
    assert all(operation["channel"]["$ref"] == "#/channels/events" for operation in found["operations"].values())
    names = [name for group in ("channels", "operations", "servers", "components") for name in found[group]]
    names += [name for group in found["components"].values() for name in group]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)


def test_every_reference_of_the_document_resolves() -> None:
    found = document()
    all_references = set(references(found))
    assert "#/components/schemas/EventTransfer" in all_references
    for reference in all_references:
        part: Any = found
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert isinstance(part, dict)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_document_describes_the_golden_events(name: str) -> None:
    found = document()
    message = found["components"]["messages"][name]
    validator = Draft202012Validator(message["payload"] | {"components": found["components"]})
    golden = [event for event in map(json.loads, LINES) if event["type"] == name]
    assert golden
    for event in [*golden, message["examples"][0]["payload"]]:
        validator.validate(event)
        assert not validator.is_valid(event | {"type": "something_else"})
        assert not validator.is_valid(event | {"realm": "3"})
        assert not validator.is_valid(event | {"surplus": 1})
    assert message["summary"] == EVENT_TYPES[name]
