"""Prefect flows: thin decorators over plain functions of ``pipeline``."""
