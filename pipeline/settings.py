"""Secrets and paths."""
