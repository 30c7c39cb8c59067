"""Ports that nobody listens at."""

import socket


def free_ports(count: int = 1) -> int:
    """Return the first of some neighbouring ports that nobody listens at now."""
    for first in range(20_000, 60_000, 97):
        probes = [socket.socket() for _ in range(count)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no free ports")
