"""Tables and shared values: the vocabulary that every other package speaks."""
