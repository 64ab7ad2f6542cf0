"""The tables. What a person said or is called is `Sealed` with her key; ids, states and times are plain.

Ids are random text, made by the caller. Times are aware, in UTC. What came of a turn is one row, numbered per
session, so that a turn is two inserts and one update, and several turns fit into one commit.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from storage.sealed import Sealed

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite, which has no zones, gets it back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive times are a mistake and raise ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored. Use datetime.now(UTC).")
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def _id(name: str = "id") -> "Column[str]":
    return Column(name, String(64), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> "Column[str]":
    return Column(name, String(64), ForeignKey(target, ondelete="CASCADE"), nullable=nullable)


meta = Table(  # facts about this database, e.g. the proof that a key fits it
    "meta",
    metadata,
    _id("name"),
    Column("body", Sealed("meta.body"), nullable=False),
)

# ── staff ────────────────────────────────────────────────────────────────────────────────────────

organisations = Table(
    "organisations",
    metadata,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("created", Moment, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    _id(),
    _ref("organisation", "organisations.id"),
    Column("email", String(254), nullable=False, unique=True),  # lower case
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),  # manager | coordinator | admin
    Column("language", String(16), nullable=False, server_default="en"),
    Column("password", String(200)),  # argon2id; NULL until she has chosen one
    Column("created", Moment, nullable=False),
)

sign_in_codes = Table(  # one-time sign-in; only a hash is kept
    "sign_in_codes",
    metadata,
    _id("code_hash"),
    _ref("staff", "staff.id"),
    Column("expires", Moment, nullable=False),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    _id("token_hash"),
    _ref("staff", "staff.id"),
    Column("csrf", String(64), nullable=False),
    Column("expires", Moment, nullable=False),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _id("token_hash"),
    _ref("staff", "staff.id"),
    Column("created", Moment, nullable=False),
)

tries = Table(  # failed and successful sign-in tries, for the limit per account and address
    "tries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", String(100), nullable=False),  # a hash of "account:…" or "address:…"
    Column("at", Moment, nullable=False),
    Index(None, "what", "at"),
)

# ── clients and how they come in ─────────────────────────────────────────────────────────────────

clients = Table(
    "clients",
    metadata,
    _id(),
    _ref("organisation", "organisations.id"),
    Column("manager", String(64), ForeignKey("staff.id", ondelete="SET NULL")),
    Column("key", LargeBinary),  # hers, wrapped by the master key; NULL once everything is erased
    Column("name", Sealed("clients.name"), nullable=False),  # as on the invite
    Column("language", String(16), nullable=False),
    Column("created", Moment, nullable=False),
)

invites = Table(
    "invites",
    metadata,
    _id("code_hash"),  # HMAC of the code, so that a copy of the database opens nothing
    _ref("client", "clients.id"),
    Column("code", Sealed("invites.code"), nullable=False),
    Column("expires", Moment, nullable=False),  # moves on while she uses it
    Column("used_up", Boolean, nullable=False, server_default="0"),
    Column("demo", Boolean, nullable=False, server_default="0"),
    Column("created", Moment, nullable=False),
    Index(None, "client"),
)

chats = Table(  # a chat outside our own web pages, e.g. on Telegram
    "chats",
    metadata,
    _id(),
    _ref("client", "clients.id"),
    Column("channel", String(20), nullable=False),
    Column("address_hash", String(64), nullable=False),  # HMAC of the chat's id
    Column("address", Sealed("chats.address"), nullable=False),
    Column("unreachable", Boolean, nullable=False, server_default="0"),
    Column("created", Moment, nullable=False),
    UniqueConstraint("channel", "address_hash"),
    UniqueConstraint("client", "channel"),  # one Telegram chat a client
)

# ── the conversation ─────────────────────────────────────────────────────────────────────────────

scripts = Table(  # script versions, as their author wrote them; never changed
    "scripts",
    metadata,
    _id("version"),
    Column("name", String(64), nullable=False),
    Column("source", Text, nullable=False),  # JSON: {file name: text} of the script and those it calls
    Column("words", Text),  # JSON: its translations, {language: {context: {text: words}}}; NULL before 0.2
    Column("created", Moment, nullable=False),
)

published = Table(  # which version new sessions begin with: the newest row; the others are history
    "published",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", String(64), ForeignKey("scripts.version"), nullable=False),
    Column("origin", String(12), nullable=False),  # packaged: follows upgrades | published: by hand
    Column("package", String(40), nullable=False),  # the Trede that did it, e.g. "0.2.0"
    Column("at", Moment, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("client", String(64), ForeignKey("clients.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("script", String(64), ForeignKey("scripts.version"), nullable=False),
    Column("version", Integer, nullable=False),  # grows by one with every turn
    Column("language", String(16), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("state", Sealed("sessions.state"), nullable=False),  # the rest of dialogs.session.Session
    Column("answers", Integer, nullable=False, server_default="0"),  # how many were ever given
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
)

turns = Table(  # what came of each turn: every answer ever given, and what was said, both ways
    "turns",
    metadata,
    Column("session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),  # the session's version that it led to; from before 0.2: 0, -1, …
    Column("visit", Integer, nullable=False),
    Column("first", Integer, nullable=False),  # the number of its first message
    Column("answers", Sealed("turns.answers")),  # [[place, dialogs.session.Answer], …]; NULL: none
    Column("messages", Sealed("turns.messages")),  # [dialogs.message.Message, …]; NULL: none
    Column("at", Moment, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),  # the answer's number
    Column("version", String(64), nullable=False),
    Column("question", String(128), nullable=False),
    Column("language", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

received = Table(  # every update once
    "received",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("event", String(128), primary_key=True),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

outbox = Table(  # what still has to be sent; a row goes when it is sent
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),  # also the order within a chat
    Column("ref", String(32), nullable=False, unique=True),  # its name, made by the caller
    Column("chat", String(64), ForeignKey("chats.id", ondelete="CASCADE")),
    Column("channel", String(20), nullable=False),
    Column("address", Sealed("outbox.address"), nullable=False),
    Column("body", Sealed("outbox.body"), nullable=False),
    Column("due", Moment, nullable=False),
    Column("lease", Moment),  # somebody is sending it until then, or it waits until then for another try
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("order_key", String(64), nullable=False),  # HMAC of the address: one line a chat
    Index(None, "channel", "order_key", "id"),
    sqlite_autoincrement=True,  # an id is never given twice, so a late "sent" cannot hit another row
)

timers = Table(  # mirrors the timers of each session, so that those that are due can be found
    "timers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("due", Moment, nullable=False),
    Column("token", String(64), nullable=False),
    Column("lease", Moment),  # somebody rings it until then
    UniqueConstraint("session", "kind"),
    Index(None, "due"),
    sqlite_autoincrement=True,
)

quarantine = Table(  # updates that always fail
    "quarantine",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("event", String(128), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("given_up", Boolean, nullable=False, server_default="0"),
    Column("client", String(64), ForeignKey("clients.id", ondelete="CASCADE")),  # NULL: nobody we know
    Column("body", Sealed("quarantine.body"), nullable=False),
    Column("error", String(200), nullable=False),  # the error's class and place, never its words
    Column("at", Moment, nullable=False),
)

# ── what the case manager gets ───────────────────────────────────────────────────────────────────

summaries = Table(  # one a session, replaced when she shares anew, so that nothing withdrawn lingers
    "summaries",
    metadata,
    _id(),
    Column("session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, unique=True),
    _ref("organisation", "organisations.id"),
    Column("client", String(64), ForeignKey("clients.id", ondelete="CASCADE"), nullable=False),
    Column("body", Sealed("summaries.body"), nullable=False),  # casework.summary.Summary
    Column("state", String(12), nullable=False),
    Column("asked_for_help", Boolean, nullable=False),
    Column("wants_call", Boolean, nullable=False),
    Column("language", String(16), nullable=False),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Index(None, "organisation", "state"),
)

case_steps = Table(  # who moved a case on, and when
    "case_steps",
    metadata,
    Column("id", Integer, primary_key=True),
    _ref("summary", "summaries.id"),
    Column("staff", String(64), ForeignKey("staff.id", ondelete="SET NULL")),
    Column("state", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "summary"),
)

# ── beside the cases ─────────────────────────────────────────────────────────────────────────────

feedback = (
    Table(  # what the questions got wrong: one a session, read without a name; hers, so it goes with her
        "feedback",
        metadata,
        _id(),
        Column(
            "session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, unique=True
        ),
        Column("client", String(64), ForeignKey("clients.id", ondelete="CASCADE"), nullable=False),
        _ref("organisation", "organisations.id"),
        Column("script", String(64), nullable=False),
        Column("version", String(64), nullable=False),
        Column("language", String(16), nullable=False),
        Column("body", Sealed("feedback.body"), nullable=False),
        Column("day", Moment, nullable=False),  # at midnight: the hour could be matched with a case
        Index(None, "organisation"),
    )
)

staff_notes = Table(  # what a member of staff wrote for herself or himself
    "staff_notes",
    metadata,
    _id(),
    _ref("staff", "staff.id"),
    Column("script", String(64), nullable=False),
    Column("body", Sealed("staff_notes.body"), nullable=False),  # {question: words}
    Column("at", Moment, nullable=False),
    Index(None, "staff"),
)

voices = Table(  # what she spoke instead of writing
    "voices",
    metadata,
    _id(),
    Column("session", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("client", String(64), ForeignKey("clients.id", ondelete="CASCADE"), nullable=False),
    Column("body", Sealed("voices.body"), nullable=False),  # base64 of the sound
    Column("at", Moment, nullable=False),
    Index(None, "session"),
)
