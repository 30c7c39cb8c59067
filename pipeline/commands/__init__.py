"""The command line's commands, one file each.

Every module has ``add(commands)``, which describes the command, and ``run(args) -> int``. Heavy
imports stand inside ``run``: asking for help, or classifying in a pipe, must not wait for the
database layer.
"""
