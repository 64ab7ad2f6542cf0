# Trede in a container: built in one stage, run in another, by a user who may write to /data only.

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/trede
ENV PATH=/opt/trede/bin:$PATH
COPY requirements/run.txt requirements/ptb.txt requirements/
RUN pip install --require-hashes -r requirements/run.txt
# ptb: python-telegram-bot as well, for TREDE_TELEGRAM_LIBRARY=ptb
ARG TELEGRAM_LIBRARY=aiogram
RUN if [ "$TELEGRAM_LIBRARY" = ptb ]; then pip install --require-hashes -r requirements/ptb.txt; fi
COPY pyproject.toml README.md LICENSE ./
COPY locales locales
COPY dialogs dialogs
COPY casework casework
COPY storage storage
COPY console console
COPY bot bot
RUN pip install --no-deps --no-build-isolation . && trede i18n compile && trede check

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 trede \
    && useradd --uid 10001 --gid trede --no-create-home --shell /usr/sbin/nologin trede \
    && install -d -o trede -g trede -m 0700 /data
COPY --from=build /opt/trede /opt/trede
ENV PATH=/opt/trede/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TREDE_DATA_DIR=/data \
    TREDE_HOST=0.0.0.0 \
    TREDE_PORT=8000
WORKDIR /opt/trede
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['TREDE_PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["trede"]
CMD ["run"]
