"""Times of tests."""

from datetime import UTC, datetime

NOW = datetime.now(UTC)

TODAY = NOW.date()
