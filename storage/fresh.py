"""A new file beside one that is to be written, which takes its place when it is whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import BackupRefused


@contextmanager
def fresh(beside: Path) -> Iterator[Path]:
    """An empty file in the same folder that only its owner can read, gone after the block.

    What cannot be written in the block raises BackupRefused.
    """
    part = beside.with_name(f"{beside.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise BackupRefused(
            f"{beside} cannot be written: {why}. Check its folder, and who may write there."
        ) from None
    finally:
        part.unlink(missing_ok=True)
