"""The command line: ``ledger balance FILE``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ledger.accounts import Ledger
from ledger.money import Money


def main() -> None:
    """Print the balance of every account in a file."""
    parser = argparse.ArgumentParser(prog="ledger")
    parser.add_argument("command", choices=["balance"])
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    ledger = Ledger()
    for entry in json.loads(arguments.file.read_text(encoding="utf-8")):
        ledger.open(entry["from"])
        ledger.open(entry["to"])
        ledger.transfer(entry["from"], entry["to"], Money.parse(entry["amount"]))


if __name__ == "__main__":
    main()
