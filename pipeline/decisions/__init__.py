"""Pure decisions: no database, no network, no clock; ``now`` is always an argument."""
