"""Telegram, read only: public channels by their web preview, and a bot for groups that admit it."""
