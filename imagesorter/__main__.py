"""Entry point: the window by default, a command where one is named."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the application.

    Args:
        arguments: the command line without the program's name; None takes the process's own.

    Returns:
        exit code; 130 where Ctrl-C comes before there is anything to cancel.
    """
    try:
        from imagesorter.cli import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
