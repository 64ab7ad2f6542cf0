"""The scripts and ladders that come with Trede."""

from importlib.resources import files


def packaged_sources() -> dict[str, str | bytes]:
    """Each file by its name, scripts first."""
    folders = (files("dialogs") / "scripts", files("casework") / "ladders")
    found = (
        file
        for folder in folders
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".yaml")
    )
    return {file.name: file.read_bytes() for file in found}
