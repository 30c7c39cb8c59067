"""Every query, split by subject. Nothing here writes."""
