"""Every table, so that importing this module fills ``SQLModel.metadata``."""

from models.answer import Answer
from models.console import AnswerTemplate, BulkAct, Lease, SavedView, Undo
from models.delivery import Channel, Delivery
from models.inbox import Event, Unreadable
from models.incident import Apart, CoExecutor, Incident, Merge, Pause
from models.journal import JournalEntry, JournalHead
from models.label import Label
from models.notice import Notice
from models.post import Post, PostVersion
from models.source import Source
from models.staff import ApiKey, EntryLink, SignIn, Staff
from models.story import Story, StoryKey
from models.survey import Survey
from models.timer import Heartbeat, Timer

__all__ = [
    "Answer",
    "AnswerTemplate",
    "Apart",
    "ApiKey",
    "BulkAct",
    "Channel",
    "CoExecutor",
    "Delivery",
    "EntryLink",
    "Event",
    "Heartbeat",
    "Incident",
    "JournalEntry",
    "JournalHead",
    "Label",
    "Lease",
    "Merge",
    "Notice",
    "Pause",
    "Post",
    "PostVersion",
    "SavedView",
    "SignIn",
    "Source",
    "Staff",
    "Story",
    "StoryKey",
    "Survey",
    "Timer",
    "Undo",
    "Unreadable",
]
