"""The operator's side: installs and runs the real servers natively, and the command line."""

from pathlib import Path

#: The checkout.
ROOT = Path(__file__).resolve().parent.parent
