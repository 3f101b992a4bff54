"""Queries about landed records. A record of the log has landed if it is in the table ``events`` or in quarantine."""

from infra.presto import IS_TELEMETRY, fetch
from infra.settings import Settings

#: Subquery with a row for each landed record. Presto reads only the columns and realms that the outer query uses.
LANDED_RECORDS = f"""(
  select realm, "offset", 1 as events, if({IS_TELEMETRY}, 1, 0) as telemetry_events, 0 as malformed from events
  union all select realm, "offset", 0, 0, 1 from quarantine)"""  # noqa: S608 - no input from outside

_LAST_OFFSETS = f'select realm, max("offset") from {LANDED_RECORDS} group by 1'  # noqa: S608 - no input from outside


def landed_offsets(settings: Settings) -> dict[int, int]:
    """Return the highest landed offset of each realm. A realm without a landed record is left out.

    Raises OperatorError if Presto is unreachable.
    """
    return dict(fetch(settings, _LAST_OFFSETS).rows)
