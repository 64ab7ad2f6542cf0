"""When we may write to her: the days and hours she can choose, in her time zone."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dialogs import phrases
from dialogs.asking import Option

DAYS = (
    Option("none", phrases.REMIND_NONE),
    Option("tomorrow", phrases.REMIND_TOMORROW),
    Option("3_days", phrases.REMIND_3_DAYS),
    Option("week", phrases.REMIND_WEEK),
    Option("day", phrases.REMIND_DATE),
)
DAYS_ON = {"tomorrow": 1, "3_days": 3, "week": 7}

HOURS = (
    Option("morning", phrases.REMIND_MORNING),
    Option("afternoon", phrases.REMIND_AFTERNOON),
    Option("evening", phrases.REMIND_EVENING),
)
HOUR_OF = {"morning": 9, "afternoon": 14, "evening": 19}

FIRST_HOUR, LAST_HOUR = 8, 21
"""Nothing is written to her before the first, nor from the last on, in her time zone."""

LONGEST = timedelta(days=366)
STILL_TALKING = timedelta(hours=1)
"""Who was asked something less than this ago is not disturbed."""


def today(now: datetime, zone: tzinfo) -> date:
    """The day it is where she is."""
    return now.astimezone(zone).date()


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """That hour of that day where she is, in UTC. One that the clocks leave out comes an hour later."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def can_be(day: date, now: datetime, zone: tzinfo) -> bool:
    """Whether we may promise to write on that day: tomorrow at the earliest, in a year at the latest."""
    return today(now, zone) < day <= today(now, zone) + LONGEST


def is_her_hour(now: datetime, zone: tzinfo) -> bool:
    """Whether it is daytime where she is."""
    return FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR


def put_off(due: datetime, now: datetime, zone: tzinfo) -> datetime:
    """The next time after `now` that it is the hour of `due` where she is."""
    day, hour = today(now, zone), due.astimezone(zone).time()
    found = moment(day, hour, zone)
    return found if found > now else moment(day + timedelta(days=1), hour, zone)
