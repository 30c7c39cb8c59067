"""Odnoklassniki: topics and photos of groups with their discussions, answers."""
