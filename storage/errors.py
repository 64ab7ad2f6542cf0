"""What can go wrong with what is remembered.

StorageError
├── DatabaseUnreadable    the address is wrong, the file is no database, the server does not answer
│   └── Held              somebody else has the same rows in hand, and does not finish
├── DatabaseNewer         a later Trede has changed the tables
├── DatabaseBehind        the tables are not there yet, or of an earlier Trede
├── BackupRefused         a backup cannot be written, read or put back
├── WrongKey              the key does not open what is stored
├── KeyUnsafe             the key's file can be read by others, or holds no key
├── Conflict              somebody else saved in between
├── UnknownOrganisation   no organisation of that name, or not clear which one
├── UnknownStaff          no account with that address
├── NameRefused           a client or an organisation cannot be called that
├── StaffRefused          an account cannot be made like that
└── StaffExists           an account with that address is there already
"""


class StorageError(Exception):
    """Base of all errors of this room."""


class DatabaseUnreadable(StorageError):
    """The database cannot be opened, read or written."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"The database {where} cannot be used: {why}. Check TREDE_DATABASE_URL.")


class Held(DatabaseUnreadable):
    """Another transaction has what this one needs. Nothing was saved; try again after a moment."""


class DatabaseNewer(StorageError):
    """The database was changed by a later version than this one."""

    def __init__(self, where: str, revision: str) -> None:
        super().__init__(
            f"The database {where} is from a newer Trede (its tables are at '{revision}'). "
            "Install that version, or restore an older backup."
        )


class DatabaseBehind(StorageError):
    """The database has no tables yet, or those of an earlier version."""

    def __init__(self, where: str, revision: str | None) -> None:
        state = (
            f"is from an older Trede (its tables are at '{revision}')" if revision else "has no tables yet"
        )
        super().__init__(f"The database {where} {state}. Run `trede db upgrade`.")


class BackupRefused(StorageError):
    """A backup cannot be written, read or put back. The message says why, and what to do."""


class WrongKey(StorageError):
    """The key is not the one this database was sealed with."""

    def __init__(self) -> None:
        super().__init__(
            "The key does not fit this database, so nothing in it can be read. "
            "Put back the key file that was made with it, or take another TREDE_DATABASE_URL."
        )


class KeyUnsafe(StorageError):
    """The key file is not safe, or not a key."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(f"The key file {path} {fault}.")


class Conflict(StorageError):
    """A session changed between loading and saving. Nothing was saved; the turn can be taken again."""

    def __init__(self) -> None:
        super().__init__("A session changed while a turn was taken. Take the turn again.")


class UnknownOrganisation(StorageError):
    """There is no such organisation, or it is not clear which one is meant."""

    def __init__(self, name: str | None) -> None:
        which = f"There is no organisation '{name}'" if name else "It is not clear for which organisation"
        super().__init__(f"{which}. Name a case manager who works there with --manager.")


class UnknownStaff(StorageError):
    """There is no account with that address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no account for {email}. Add it with `trede user add`.")


class NameRefused(StorageError):
    """Half a character or a control sign, which no page could show, or far too long."""

    def __init__(self) -> None:
        super().__init__("The name must have at most 200 characters on one line, in UTF-8. Write it again.")


class StaffRefused(StorageError):
    """An account cannot be made like that. The message says what is wrong with which part of it."""


class StaffExists(StorageError):
    """There is an account with that address already."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is an account for {email} already. Nothing was changed.")
