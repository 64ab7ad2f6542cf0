"""The tables' history, one file a step. `python -m storage.migrations "what changes"` drafts the next one."""
