"""The product: decisions, store, desk, console and command line."""
