"""Logs to standard error, one JSON object a line. An error is told by kind and place, never by its text."""

import logging
import sys

import structlog

from bot.fault import fault


class _Told(logging.Handler):
    """What libraries log, from warnings on. It may quote a request, so of errors only the place is kept."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        error = record.exc_info[1] if record.exc_info else None
        said = fault(error) if error else record.msg
        structlog.get_logger().log(record.levelno, "library", logger=record.name, said=str(said)[:200])


def set_up_logs() -> None:
    """Call once, before anything is started."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Told()], force=True)
