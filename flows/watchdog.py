"""Leave when the parent is gone: a killed ``otklik run`` must not leave orphans behind."""

import os
import signal
import threading
import time

from pipeline.run import SUPERVISED

CHECK_SECONDS = 2.0


def leave_with_parent() -> None:
    """End this process in an orderly way once its parent has died. Returns at once.

    Only a child of ``otklik run`` does so: a service manager's child has its own master.
    """
    if SUPERVISED not in os.environ:
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()
