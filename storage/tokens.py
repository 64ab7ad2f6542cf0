"""Random tokens: made here, given out once, kept only as a hash."""

import secrets
from hashlib import sha256


def new_token() -> str:
    """256 bits from the system, safe in an address or a cookie."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What may be stored. A plain hash is enough for a token nobody can guess."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
