"""Create the routes of all commands from the catalogue ``game.commands.COMMANDS``.

Each route authenticates the player, builds the command from path, query and body, executes the command, and responds.
There are two exceptions, which have routes of their own. One is registration (players.py), because there is no player
yet; the other is batches (shop.py), because a batch contains several commands.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, create_model

from api.http.command_executor import execute, respond
from api.http.idempotency import key_of
from api.http.identity import current_player
from api.openapi.app import write_operation
from game.commands import COMMANDS, Command


def register_commands(blueprints: Mapping[str, APIBlueprint]) -> None:
    """Add the route of every command to the blueprint for the command's tag."""
    for command in COMMANDS:
        route = command.route
        add = getattr(blueprints[route.tag], route.method.lower())
        add(route.path.replace("{", "<").replace("}", ">"), **write_operation())(_view_of(command))


def _view_of(command: type[Command]) -> Callable[..., Response]:
    def view(**parts: BaseModel) -> Response:
        fields = {name: value for part in parts.values() for name, value in part}
        decide = command(**fields).decide
        return respond(execute(decide, current_player(), key_of(request)))

    # flask-openapi3 reads the operation's name, description and parts from the function.
    view.__name__ = command.name
    view.__doc__ = command.__doc__
    view.__annotations__ = _parts_of(command)
    return view


def _parts_of(command: type[Command]) -> dict[str, type[BaseModel]]:
    """Return a model for each part of the request (path, query or body) that contains fields of the command."""
    in_path = command.route.path_fields
    others = command.model_fields.keys() - in_path
    parts: dict[str, type[BaseModel]] = {}
    if in_path:
        parts["path"] = _part(command, "Path", in_path)
    if others and command.route.method == "DELETE":
        parts["query"] = _part(command, "Query", others)
    elif others:
        # If no field is in the path, which is the usual case, the command class itself is the model of the body.
        parts["body"] = _part(command, "Body", others) if in_path else command
    return parts


def _part(command: type[Command], suffix: str, names: Any) -> type[BaseModel]:
    """Return a model of some of the command's fields.

    The model is not strict, because numbers in a path or query arrive as text.
    """
    fields: Any = {n: (f.rebuild_annotation(), f) for n, f in command.model_fields.items() if n in names}
    config = ConfigDict(extra="forbid")
    return create_model(f"{command.__name__}{suffix}", __config__=config, __doc__=command.__doc__, **fields)
