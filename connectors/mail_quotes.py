"""What the author of a letter wrote himself: without what he answers, and without signatures.

A letter that forwards another one is left whole: what it forwards is often the complaint itself.
Where nothing of the author's own would remain, everything stays.
"""

import re

LONGEST_LINE = 300
"""Characters of a line that may stand above a quotation."""

FORWARDED = re.compile(r"^\s*(?:fwd?|пересл|fw|пересылка)\s*[:.]", re.IGNORECASE)
ANSWERED = re.compile(
    r"^(?:\s*(?:re|fwd?|ha|на|отв|ответ|пересл)(?:\[\d+\])?\s*[:.])+\s*", re.IGNORECASE
)
SEPARATOR = re.compile(
    r"^[-_=*\s]{2,}\s*(?:исходное сообщение|original message|исходное письмо)\s*[-_=*\s]{2,}$",
    re.IGNORECASE,
)
HEADER = re.compile(
    r"^\W{0,3}(?:от|от кого|from|отправлено|дата|sent|date|кому|to|тема|subject|копия|cc)\W{0,3}:",
    re.IGNORECASE,
)
FIRST_HEADER = re.compile(r"^\W{0,3}(?:от|от кого|from)\W{0,3}:", re.IGNORECASE)
WROTE = re.compile(
    r"(?:пишет|писала?|писал\(а\)|написала?|написал\(а\)|wrote|<[^<>\s]+@[^<>\s]+>)\s*:$",
    re.IGNORECASE,
)
MOMENT = re.compile(r"\d{1,2}[.:/]\d{2}")
DATED = re.compile(
    r"^(?:on\s|\W?\d|(?:пн|вт|ср|чт|пт|сб|вс|понед|втор|сред|четв|пятн|суб|воскр)[а-я]*[,\s])",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
RULE = re.compile(r"^[-_=*]{5,}$")
SENT_FROM = re.compile(
    r"^(?:отправлено (?:из|с)(?!\S)|sent from my |послано с ).{0,100}$", re.IGNORECASE
)


def subject_of(said: str) -> str:
    """Return a subject without the marks of answering and forwarding."""
    return ANSWERED.sub("", said).strip()


def forwards(subject: str) -> bool:
    """Tell by the subject as sent whether a letter forwards another one."""
    return FORWARDED.match(subject) is not None


def own_words(text: str) -> str:
    """Return what the author of a letter wrote himself; ``text`` has no empty lines."""
    lines = text.split("\n")
    lines = lines[: _cut(lines)]
    kept = _without_quotes(lines)
    for number, line in enumerate(kept):
        if number and line in {"--", "—"}:
            kept = kept[:number]
            break
    while len(kept) > 1 and (SENT_FROM.match(kept[-1]) or RULE.match(kept[-1])):
        kept.pop()
    return "\n".join(kept) or text


def _cut(lines: list[str]) -> int:
    """Return where an earlier letter begins that is not marked line by line."""
    own = False
    for number, line in enumerate(lines):
        before, own = own, own or not _quoted(line)
        if not before:
            continue
        if SEPARATOR.match(line[:LONGEST_LINE]) or _heads(lines, number):
            return number
        above = _above(lines, number)
        if above and ADDRESS.search(above) and not _follows_quote(lines, number, above):
            return number
    return len(lines)


def _heads(lines: list[str], number: int) -> bool:
    """Tell a block such as "От: … Отправлено: … Кому: … Тема: …"."""
    if not FIRST_HEADER.match(lines[number][:LONGEST_LINE]):
        return False
    return sum(bool(HEADER.match(line[:LONGEST_LINE])) for line in lines[number : number + 5]) >= 3


def _above(lines: list[str], number: int) -> str:
    """Return the line that introduces a quotation, "" for any other; it may be broken in two."""
    line = lines[number]
    if _introduces(line):
        return line
    following = lines[number + 1] if number + 1 < len(lines) else ""
    joined = f"{line} {following}"
    broken = DATED.match(line) and MOMENT.search(line) and not _introduces(following)
    return joined if broken and _introduces(joined) else ""


def _introduces(line: str) -> bool:
    fits = len(line) <= LONGEST_LINE and WROTE.search(line) and MOMENT.search(line)
    return bool(fits)


def _follows_quote(lines: list[str], number: int, above: str) -> bool:
    after = number + (1 if lines[number] == above else 2)
    return after < len(lines) and _quoted(lines[after])


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _quoted(line):
            continue
        kept.append(line)
        following = lines[number + 1] if number + 1 < len(lines) else ">"
        if _quoted(following):
            # A quotation, or the end where one was cut off, takes its introduction along.
            for length in (2, 1):
                if len(kept) >= length and _above(kept[-length:], 0) == " ".join(kept[-length:]):
                    del kept[-length:]
                    break
    return kept


def _quoted(line: str) -> bool:
    return line.startswith(">")
