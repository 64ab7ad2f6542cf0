"""Refuses names that no page could show: an operator's terminal may hand over any bytes at all."""

import unicodedata

from storage.errors import NameRefused

LONGEST = 200


def refuse_odd_name(name: str) -> None:
    """Raises NameRefused. Joiners and direction marks are fine: Persian and Arabic names need them."""
    if len(name) > LONGEST or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name):
        raise NameRefused
