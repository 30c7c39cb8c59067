"""Texts that want to take long."""

import random
from collections.abc import Sequence

WHOLE = 100_000
"""Characters of a hostile text; texts over 20 000 are read at both ends only."""


def hostile(texts: Sequence[str], draw: random.Random) -> dict[str, str]:
    """Return texts of WHOLE characters by kind; ``texts`` are ordinary ones to make some of."""
    letters = "абвгдежзийклмнопрстуфхцчшщыьэюя"
    prose = "\n".join(texts)[:WHOLE].ljust(WHOLE)
    thousand = " ".join(prose.split()[:1000]) + " "
    kinds = {
        "ordinary prose": prose,
        "letters without a space": "".join(draw.choices(letters, k=WHOLE)),
        "a thousand words over and over": thousand,
        "«нет воды» over and over": "нет воды ",
        "«ул. Садовая, д. 5» over and over": "ул. Садовая, д. 5 ",
        "commas": ",",
        "dots": ".",
        "dots after letters": "а.",
        "words never met": " ".join(
            "".join(draw.choices(letters, k=draw.randint(2, 12))) for _ in range(WHOLE // 4)
        ),
        "zero-width characters everywhere": "\u200b".join(prose),
        "zero-width characters alone": "\u200b",
        "NULs": "\0",
        "NULs between letters": "\0".join(prose),
        "opened mentions": "[id1|",
        "opened tags": "<a ",
    }
    return {name: (text * (WHOLE // len(text) + 1))[:WHOLE] for name, text in kinds.items()}
