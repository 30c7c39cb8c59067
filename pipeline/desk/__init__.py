"""Every change, split by subject; each writes its journal entry in the same transaction."""
