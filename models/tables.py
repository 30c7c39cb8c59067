"""Every table, so that importing this module fills ``SQLModel.metadata``."""

from models.incident import Incident
from models.journal import JournalEntry
from models.label import Label
from models.post import Post, PostVersion
from models.source import Source
from models.staff import EntryLink, SignIn, Staff
from models.timer import Timer

__all__ = [
    "EntryLink",
    "Incident",
    "JournalEntry",
    "Label",
    "Post",
    "PostVersion",
    "SignIn",
    "Source",
    "Staff",
    "Timer",
]
