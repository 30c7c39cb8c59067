"""In which sizes and colours a page is walked through: one by default, the others are long.

Every page is looked at narrow as well, in ``test_every_page``.
"""

import pytest

EVERY_LOOK = pytest.mark.parametrize(
    "page",
    [
        ("wide", "light"),
        *(
            pytest.param(look, marks=pytest.mark.long)
            for look in (("narrow", "light"), ("wide", "dark"), ("narrow", "dark"))
        ),
    ],
    ids=["wide-light", "narrow-light", "wide-dark", "narrow-dark"],
    indirect=True,
)
BOTH_SIZES = pytest.mark.parametrize(
    "page",
    [("wide", "light"), pytest.param(("narrow", "dark"), marks=pytest.mark.long)],
    ids=["wide-light", "narrow-dark"],
    indirect=True,
)
