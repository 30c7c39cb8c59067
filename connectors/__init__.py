"""The outside world, turned into ``FetchedPost`` values."""
