"""Opening what a process needs to work: the database, the region, the serving model."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from classifiers.classifier import Classifier
from classifiers.registry import Registry
from pipeline.database import migrate, open_database
from pipeline.judge import Judge
from pipeline.region.load import load_region
from pipeline.region.schema import Region
from pipeline.settings import Settings, make_home


@contextmanager
def open_store(settings: Settings) -> Iterator[sa.Engine]:
    """Give the database with its schema up to date; close it after. Raises DatabaseError."""
    make_home(settings.home)
    engine = open_database(settings.url())
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def registry(settings: Settings) -> Registry:
    """Return the models of this installation, the shipped one among them."""
    return Registry(settings.home)


def open_judge(settings: Settings, *, region: str | None = None) -> Judge:
    """Return the judge of a region, by default the configured one, with the serving model.

    Raises RegionError or ModelError.
    """
    loaded = load_region(region or settings.region)
    return Judge.of(loaded, Classifier(registry(settings).serving_model()))


class ServingJudge:
    """The judge of a region with the model that serves, made when it is first asked for.

    It follows promotions: another serving model makes another judge. For one thread at a time.
    """

    def __init__(self, settings: Settings, region: Region) -> None:
        """Serve ``region`` with the models of this installation."""
        self._registry = registry(settings)
        self._region = region
        self._made: tuple[str, Judge] | None = None

    def __call__(self) -> Judge:
        """Return the judge; a new one takes a second. Raises ModelError."""
        version = self._registry.serving_version()
        if self._made is None or self._made[0] != version:
            model = self._registry.serving_model()
            self._made = (version, Judge.of(self._region, Classifier(model)))
        return self._made[1]
