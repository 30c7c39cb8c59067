"""Alembic's migrations; the same files bring up SQLite and PostgreSQL."""
