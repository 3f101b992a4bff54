"""Convert the events of a player's history to JSON."""

from datetime import UTC, datetime
from typing import Any

from game.events import format_time
from state.results import HistoryEntry


def as_json(entry: HistoryEntry) -> dict[str, Any]:
    """Return the event as the history, the stream and the status show it."""
    return {
        "id": entry.event_id,
        "offset": entry.offset,
        "time": format_time(datetime.fromtimestamp(entry.at_ms / 1000, UTC)),
        "type": entry.status.type,
        "status": entry.status.status,
        "player": entry.status.player.replace("-", ""),
        "details": entry.status.details,
    }
