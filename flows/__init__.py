"""Prefect flows: thin decorators over plain functions of ``pipeline``.

Nothing leaves the machine, however a flow is started: these have to stand in the environment
before Prefect is imported for the first time.
"""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT", "false")
