"""Every table, so that importing this module fills ``SQLModel.metadata``."""

from models.answer import Answer
from models.inbox import Event, Unreadable
from models.incident import Incident
from models.journal import JournalEntry
from models.label import Label
from models.post import Post, PostVersion
from models.source import Source
from models.staff import EntryLink, SignIn, Staff
from models.timer import Timer

__all__ = [
    "Answer",
    "EntryLink",
    "Event",
    "Incident",
    "JournalEntry",
    "Label",
    "Post",
    "PostVersion",
    "SignIn",
    "Source",
    "Staff",
    "Timer",
    "Unreadable",
]
