"""MAX, the national messenger: updates of a bot, comments of channels, replies."""
