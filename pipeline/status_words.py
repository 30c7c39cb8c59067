"""What people are told of a source: its state in a word, and what is wrong with what to do."""

from collections.abc import Iterable
from datetime import timedelta

from pipeline.status import SourceStatus


def state(status: SourceStatus) -> str:
    """Return one word or two for how a source is doing."""
    error = f"ошибка ({status.failures})" if status.failures > 1 else "ошибка"
    words = (
        (not status.followed, "не опрашивается"),
        (status.missing, "нет ключа"),
        (status.error, error),
        (status.late, "не читается"),
        (status.silent, "молчит"),
        (status.token_waits, "ключ ждёт человека"),
        (status.read_at, "читается"),
        (True, "ещё не читался"),
    )
    return next(word for holds, word in words if holds)


def troubles(status: SourceStatus) -> Iterable[str]:
    """Return what is wrong with a source and what to do, a line each."""
    if status.missing:
        yield status.missing
    if status.error and status.error != status.missing:
        yield status.error
    if status.late is not None:
        yield (
            f"не читается: пора было {span(status.late)} назад. Приём остановлен или не "
            "успевает: проверьте, работает ли otklik run и что в журнале ingest.log."
        )
    for token in status.tokens:
        if token.reason and token.reason not in status.error:
            yield f"ключ {token.name} {token.state.russian}: {token.reason}"
    if status.silent is not None:
        usual = "" if status.usual_gap is None else f", обычно пишут раз в {span(status.usual_gap)}"
        yield (
            f"молчит уже {span(status.silent)}{usual}. Откройте сообщество и проверьте: возможно, "
            "там всё тихо, а возможно, изменился его адрес или доступ к нему."
        )
    if status.unreadable:
        yield (
            f"не разобрано сообщений: {status.unreadable}; они сохранены в базе, передайте "
            "разработчикам запись источника (otklik sources record)."
        )
    if status.waiting:
        yield f"ждут разбора события: {status.waiting}."


def brief(status: SourceStatus) -> str:
    """Return what is wrong with a source in half a line, to follow its title."""
    if status.failures:
        return f"не читается: {status.error}"
    if status.late is not None:
        return f"не читается, пора было {span(status.late)} назад"
    if status.silent is not None:
        usual = f" (обычно пишут раз в {span(status.usual_gap)})" if status.usual_gap else ""
        return f"молчит {span(status.silent)}{usual}"
    return state(status)


def span(time: timedelta) -> str:
    """Return a length of time in the largest unit that says enough: «3 дн.», «5 ч», «12 мин»."""
    if time >= timedelta(days=2):
        return f"{time // timedelta(days=1)} дн."
    if time >= timedelta(hours=2):
        return f"{time // timedelta(hours=1)} ч"
    return f"{max(1, time // timedelta(minutes=1))} мин"
