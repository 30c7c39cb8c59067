"""The root of all expected failures.

Errors::

    OtklikError            a failure that a person at the machine can do something about
    ├── SourceError        connectors: a source cannot be read
    │   └── TableError     connectors: a file of messages cannot be read
    ├── ModelError         classifiers: a model's folder cannot be used
    ├── TrainingError      classifiers: nothing can be learned from the data
    ├── RegionError        pipeline: a region's folder is wrong
    ├── DatabaseError      pipeline: the database cannot be used
    ├── SettingsError      pipeline: an environment variable is wrong
    ├── AccessError        pipeline: a login or password cannot be accepted
    ├── RunError           pipeline: the product cannot start
    └── CommandError       pipeline: a command was asked for something impossible

Everything else is a bug and keeps its traceback.
"""


class OtklikError(Exception):
    """The message is Russian and says what was wrong, where, and what to do."""
