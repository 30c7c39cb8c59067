"""The embedded Prefect server: ``python -m flows.server PORT``.

Its settings come from ``pipeline.run`` by environment: loopback only, a password that lives
as long as the process, no analytics.
"""

import sys

import uvicorn
from prefect.server.api.server import create_app

from flows.watchdog import leave_with_parent


def main() -> None:
    """Serve Prefect's API on loopback until told to stop."""
    leave_with_parent()
    uvicorn.run(
        create_app(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        timeout_keep_alive=5,
    )


if __name__ == "__main__":
    main()
