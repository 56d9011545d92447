"""``python -m openassay`` and the ``openassay`` script."""

from openassay.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
