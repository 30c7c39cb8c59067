"""VKontakte: walls with their comments, searches, board topics, pushed events, answers."""
