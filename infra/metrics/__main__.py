"""Print the table of docs/metrics.md."""

from infra.metrics import table

print(table(), end="")
