"""A strict Bot API server on loopback: it refuses what Telegram refuses and queues as Telegram does."""

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.fakes.telegram_person import Person, Seen
from tests.fakes.telegram_rules import (
    CALLBACK_ANSWER_LIMIT,
    Refused,
    bad,
    checked_caption,
    checked_commands,
    checked_keyboard,
    checked_text,
)

TOKEN = "123456789:AAHfakeTokenForTestsOnLoopback0000"  # only this server knows it
TEXT_LIFE = 86_400.0  # seconds an update waits for delivery
TAP_LIFE = 150.0  # seconds a tap waits for delivery, and for its answer
LONGEST_RETRY_AFTER = 3_600.0
BIGGEST_FILE = 20 * 2**20  # that a bot may download
PER_SECOND = 33  # 30 by Telegram's word; a little more, since messages bunch up on their way
CHAT_BURST = 31
CHAT_PER_SECOND = 1.0


@dataclass(slots=True)
class Update:
    """One update that waits to be fetched or posted."""

    update_id: int
    kind: str
    body: dict[str, Any]
    until: float  # monotonic
    again: bool = False  # handed out once, whatever the bot has confirmed

    def as_json(self) -> dict[str, Any]:
        """As the bot gets it."""
        return {"update_id": self.update_id, self.kind: self.body}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are posted."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request the bot made."""

    method: str
    params: dict[str, Any]
    at: float  # monotonic


class TelegramServer:
    """`async with TelegramServer() as server:` then `server.url` is what `TREDE_TELEGRAM_API` wants.

    `chat_burst`: messages a chat takes at once; then one a second. `per_second`: what all take together.
    `retry_pause`: seconds before an update is first posted again (1 at Telegram), doubling to sixty times it.
    """

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "trede_test_bot",
        retry_pause: float = 1.0,
        chat_burst: int = CHAT_BURST,
        per_second: int = PER_SECOND,
    ) -> None:
        self.token = token
        self.username = username
        self.retry_pause = retry_pause
        self.chat_burst = float(chat_burst)
        self.per_second = per_second
        self.calls: list[Call] = []
        self.webhook: Webhook | None = None
        self.webhook_answers: list[int] = []  # statuses the bot's webhook gave, in order
        self.webhook_error = ""
        self.commands: dict[str, dict[str, str]] = {}  # language → command → description
        self.answered_taps: list[str] = []
        self.people: dict[int, Person] = {}
        self.files: dict[str, bytes] = {}  # by their id
        self.is_local = False  # with --local, it hands out no files, and says where they lie on its disk
        self.downloads: list[str] = []  # what was asked for, by its path
        self.url = ""
        self._update_ids = itertools.count(700_000_000)
        self._ids = itertools.count(1)
        self._posted: dict[int, Update] = {}
        self._waiting: list[Update] = []  # for polling
        self._queues: dict[str, deque[Update]] = defaultdict(deque)  # for the webhook
        self._couriers: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._poll = 0
        self._polls_end = 0.0  # polls that began before end at once
        self._allowed: list[str] = []
        self._taps: dict[str, float] = {}  # open callback queries → when they came
        self._refusals: deque[tuple[str, Refused]] = deque()
        self._odd_answers: deque[tuple[str, Any]] = deque()
        self._sent: deque[float] = deque()
        self._chat_room: dict[int, tuple[float, float]] = {}  # chat → (messages left, since when)
        self._paths: dict[str, str] = {}  # of a file that getFile told of → its id
        self._runner: web.AppRunner | None = None

    # ── a test's side ──

    def person(self, chat_id: int = 1001, first_name: str = "Amina", language_code: str = "en") -> Person:
        """The person with that chat id; always the same one."""
        if chat_id not in self.people:
            self.people[chat_id] = Person(
                chat_id, first_name, language_code, self._post, lambda: next(self._ids), self._keep_file
            )
        return self.people[chat_id]

    def deliver_again(self, update_id: int) -> None:
        """The bot gets an update once more, even if it has acknowledged it."""
        self._enqueue(replace(self._posted[update_id], again=True))

    def same_tap_under_new_id(self, update_id: int | None = None) -> int:
        """The app sends a tap (by default the newest) again, which makes a new update of it."""
        taps = (u for u in reversed(self._posted.values()) if u.kind == "callback_query")
        tap = self._posted[update_id] if update_id else next(taps)
        return self._post("callback_query", {**tap.body, "id": str(next(self._ids))})

    def post_raw(self, kind: str, body: dict[str, Any]) -> int:
        """Any update at all, e.g. of a kind nobody knows yet."""
        return self._post(kind, body)

    def refuses(self, code: int, description: str = "", method: str = "sendMessage", **params: int) -> None:
        """The next call of that method gets this error, e.g. `refuses(429, retry_after=1)`.

        "file" is the download of one.
        """
        self._refusals.append((method.casefold(), Refused(code, description or str(code), **params)))

    def answers_oddly(self, method: str, result: Any) -> None:
        """The next call of that method is done as always, but answered with this."""
        self._odd_answers.append((method.casefold(), result))

    def forgets_taps(self) -> None:
        """All taps up to now are too old to be answered."""
        self._taps.clear()

    def ids_restart(self, at: int) -> None:
        """Update ids go on from elsewhere, as they do after a quiet week."""
        self._update_ids = itertools.count(at)

    def ends_polls(self) -> None:
        """The open poll ends with nothing, as after its time."""
        self._polls_end = time.monotonic()
        self._news.set()

    def called(self, method: str) -> list[Call]:
        """The bot's calls of that method."""
        return [call for call in self.calls if call.method == method.casefold()]

    @property
    def pending(self) -> int:
        """How many updates the bot has not acknowledged."""
        return len(self._waiting) + sum(len(queue) for queue in self._queues.values())

    async def all_taken(self, timeout: float = 5) -> None:
        """Waits until the bot has acknowledged every update."""
        async with asyncio.timeout(timeout):
            while self.pending:  # noqa: ASYNC110 - a test's wait, and many places make it true
                await asyncio.sleep(0.01)

    # ── start and stop ──

    async def start(self, port: int = 0) -> None:
        """Listens on loopback; `url` says where."""
        app = web.Application(client_max_size=50 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._hand_out)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Open polls and couriers end too."""
        for courier in self._couriers.values():
            courier.cancel()
        await asyncio.gather(*self._couriers.values(), return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # ── requests ──

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            result = await self._result(request)
        except Refused as refusal:
            answer = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            if refusal.parameters:
                answer["parameters"] = refusal.parameters
            return web.json_response(answer, status=refusal.code)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, request: web.Request) -> Any:
        token, method = request.match_info["token"], request.match_info["method"].casefold()
        if ":" not in token:
            raise Refused(404, "Not Found")
        if token != self.token:
            raise Refused(401, "Unauthorized")
        handler = getattr(self, f"_do_{method}", None)
        if handler is None:
            raise Refused(404, "Not Found: method not found")
        params = await _params(request)
        self.calls.append(Call(method, params, time.monotonic()))
        self._refuse_as_told(method)
        result = await handler(params)
        if self._odd_answers and self._odd_answers[0][0] == method:
            return self._odd_answers.popleft()[1]
        return result

    async def _hand_out(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.downloads.append(path)
        try:
            self._refuse_as_told("file")
        except Refused as refusal:
            return web.json_response({"ok": False, "error_code": refusal.code}, status=refusal.code)
        content = self.files.get(self._paths.get(path, ""))
        if request.match_info["token"] != self.token or content is None or self.is_local:
            return web.json_response({"ok": False, "error_code": 404}, status=404)
        return web.Response(body=content, content_type="application/octet-stream")

    def _refuse_as_told(self, method: str) -> None:
        for told in self._refusals:
            if told[0] == method:
                self._refusals.remove(told)
                raise told[1]

    # ── methods ──

    async def _do_getme(self, _: dict[str, Any]) -> Any:
        return self._bot()

    async def _do_getupdates(self, params: dict[str, Any]) -> Any:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._allow(params)
        offset = int(params.get("offset") or 0)
        self._confirm(offset)
        self._poll += 1
        self._news.set()  # an older poll wakes up to find that it is not the newest any more
        mine = self._poll
        began = time.monotonic()
        deadline = began + min(int(params.get("timeout") or 0), 50)
        limit = min(max(int(params.get("limit") or 100), 1), 100)
        while not (found := self._fresh(offset)[:limit]) and time.monotonic() < deadline:
            await self._wait_for_news(deadline - time.monotonic())
            if mine != self._poll:
                raise Refused(409, "Conflict: terminated by other getUpdates request")
            if began <= self._polls_end:
                break
        self._waiting = [update for update in self._waiting if not (update.again and update in found)]
        return [update.as_json() for update in found]

    async def _do_setwebhook(self, params: dict[str, Any]) -> Any:
        secret = params.get("secret_token", "")
        if not all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in secret):
            raise bad("secret token contains unallowed characters")
        url = params.get("url", "")
        # Telegram itself wants https; a Bot API server of one's own takes http, as here.
        if url and not url.startswith(("https://", "http://")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(params)
        self._set_webhook(Webhook(url, secret) if url else None, params)
        return True

    async def _do_deletewebhook(self, params: dict[str, Any]) -> Any:
        self._set_webhook(None, params)
        return True

    async def _do_getwebhookinfo(self, _: dict[str, Any]) -> Any:
        info: dict[str, Any] = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
        }
        info["pending_update_count"] = self.pending
        if self.webhook_error:
            info |= {"last_error_message": self.webhook_error, "last_error_date": int(time.time())}
        return info

    async def _do_setmycommands(self, params: dict[str, Any]) -> Any:
        language = params.get("language_code", "")
        if language and not (len(language) == 2 and language.isalpha()):
            raise bad("invalid language code specified")
        self.commands[language] = checked_commands(_json(params, "commands"))
        return True

    async def _do_sendmessage(self, params: dict[str, Any]) -> Any:
        person = self._reachable(params)
        text = checked_text(params.get("text", ""), params.get("parse_mode", ""))
        return self._as_message(person, self._shown(person, text, params))

    async def _do_sendvoice(self, params: dict[str, Any]) -> Any:
        person = self._reachable(params)
        text = checked_caption(params.get("caption", ""), params.get("parse_mode", ""))
        file = self._file_in(params, "voice")
        if person.forbids_voice:
            raise bad("VOICE_MESSAGES_FORBIDDEN")
        message = self._as_message(person, self._shown(person, text, params, self.files[file]))
        del message["text"]
        told = {"file_id": file, "file_unique_id": f"unique-{file}", "file_size": len(self.files[file])}
        caption = {"caption": text} if text else {}
        return {**message, **caption, "voice": {**told, "duration": int(params.get("duration") or 0)}}

    def _file_in(self, params: dict[str, Any], name: str) -> str:
        """The id of a file that comes along, or that is known from before."""
        given = params.get(name, "")
        if isinstance(given, str) and given.startswith("attach://"):
            given = params.get(given.removeprefix("attach://"), "")
        if isinstance(given, web.FileField):
            content = given.file.read()
            if not content:
                raise bad("file must be non-empty")
            return self._keep_file(content)
        if given not in self.files:
            raise bad("wrong file identifier/HTTP URL specified")
        return str(given)

    def _shown(self, person: Person, text: str, params: dict[str, Any], sound: bytes = b"") -> Seen:
        """What she sees now. `Refused` where Telegram would refuse the rest of it."""
        rows = checked_keyboard(_json(params, "reply_markup")) if params.get("reply_markup") else []
        self._refuse_too_fast(person.chat_id)
        silent = str(params.get("disable_notification", "")).casefold() == "true"
        keyboard = [[(button["text"], button.get("callback_data", "")) for button in row] for row in rows]
        seen = Seen(next(self._ids), text, keyboard, silent, sound)
        person.gets(seen)
        return seen

    async def _do_getfile(self, params: dict[str, Any]) -> Any:
        file = str(params.get("file_id", ""))
        if file not in self.files:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(self.files[file]) > BIGGEST_FILE and not self.is_local:
            raise bad("file is too big")
        path = f"voice/file_{len(self._paths)}.oga"
        if self.is_local:
            path = f"/var/lib/telegram-bot-api/{self.token}/{path}"
        self._paths[path] = file
        size = {"file_size": len(self.files[file])}
        return {"file_id": file, "file_unique_id": f"unique-{file}", "file_path": path, **size}

    async def _do_editmessagereplymarkup(self, params: dict[str, Any]) -> Any:
        person = self._reachable(params)
        wanted = int(params.get("message_id") or 0)
        seen = next((each for each in person.chat if each.message_id == wanted), None)
        if seen is None:
            raise bad("message to edit not found")
        rows = checked_keyboard(_json(params, "reply_markup")) if params.get("reply_markup") else []
        keyboard = [[(button["text"], button.get("callback_data", "")) for button in row] for row in rows]
        if keyboard == seen.keyboard:
            raise bad("message is not modified: specified new message content and reply markup are the same")
        seen.keyboard = keyboard
        return self._as_message(person, seen)

    async def _do_answercallbackquery(self, params: dict[str, Any]) -> Any:
        if len(params.get("text", "")) > CALLBACK_ANSWER_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        query = str(params.get("callback_query_id", ""))
        if time.monotonic() - self._taps.get(query, -TAP_LIFE) >= TAP_LIFE:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.answered_taps.append(query)
        return True

    # ── what may be sent ──

    def _reachable(self, params: dict[str, Any]) -> Person:
        chat = str(params.get("chat_id", ""))
        person = self.people.get(int(chat)) if chat.lstrip("-").isdigit() else None
        if person is None:
            raise bad("chat not found")
        if person.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not person.has_written:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return person

    def _refuse_too_fast(self, chat: int) -> None:
        now = time.monotonic()
        while self._sent and self._sent[0] <= now - 1:
            self._sent.popleft()
        left, since = self._chat_room.get(chat, (self.chat_burst, now))
        left = min(self.chat_burst, left + (now - since) * CHAT_PER_SECOND)
        if left < 1 or len(self._sent) >= self.per_second:
            raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
        self._chat_room[chat] = (left - 1, now)
        self._sent.append(now)

    def _as_message(self, person: Person, seen: Seen) -> dict[str, Any]:
        chat = {"id": person.chat_id, "type": "private", "first_name": person.first_name}
        rows = [[{"text": label, "callback_data": data} for label, data in row] for row in seen.keyboard]
        message = {"message_id": seen.message_id, "date": int(time.time()), "chat": chat, "text": seen.text}
        return {
            **message,
            "from": self._bot(),
            **({"reply_markup": {"inline_keyboard": rows}} if rows else {}),
        }

    def _bot(self) -> dict[str, Any]:
        bot_id = int(self.token.split(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Trede", "username": self.username}

    # ── updates ──

    def _post(self, kind: str, body: dict[str, Any]) -> int:
        life = TAP_LIFE if kind == "callback_query" else TEXT_LIFE
        update = Update(next(self._update_ids), kind, body, time.monotonic() + life)
        self._posted[update.update_id] = update
        if kind == "callback_query":
            self._taps[body["id"]] = time.monotonic()
        if not self._allowed or kind in self._allowed:
            self._enqueue(update)
        return update.update_id

    def _keep_file(self, content: bytes) -> str:
        file = f"AwACAgQAAxk{next(self._ids)}"
        self.files[file] = content
        return file

    def _enqueue(self, update: Update) -> None:
        if self.webhook is None:
            self._waiting.append(update)
            self._news.set()
            return
        line = _line(update)
        self._queues[line].append(update)
        if line not in self._couriers or self._couriers[line].done():
            self._couriers[line] = asyncio.create_task(self._deliver(line, self.webhook))

    def _allow(self, params: dict[str, Any]) -> None:
        if "allowed_updates" in params:
            self._allowed = _json(params, "allowed_updates")

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._waiting = self._waiting[offset:]
        elif offset:
            self._waiting = [each for each in self._waiting if each.update_id >= offset or each.again]

    def _fresh(self, offset: int) -> list[Update]:
        now = time.monotonic()
        self._waiting = [update for update in self._waiting if update.until > now]
        return [update for update in self._waiting if update.update_id >= offset or update.again]

    async def _wait_for_news(self, seconds: float) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    def _set_webhook(self, webhook: Webhook | None, params: dict[str, Any]) -> None:
        """Updates that wait move over to the other way of delivery, unless they are to be dropped."""
        waiting = [*self._waiting, *itertools.chain.from_iterable(self._queues.values())]
        self._waiting, self._queues = [], defaultdict(deque)
        for courier in self._couriers.values():
            courier.cancel()
        self._couriers = {}
        if webhook or self.webhook:  # who polls does not notice that there is no webhook still
            self._poll += 1
            self._news.set()
        self.webhook, self.webhook_error = webhook, ""
        if str(params.get("drop_pending_updates", "")).casefold() != "true":
            for update in waiting:
                self._enqueue(update)

    # ── the webhook's couriers, one a queue ──

    async def _deliver(self, line: str, webhook: Webhook) -> None:
        queue = self._queues[line]
        async with ClientSession(timeout=ClientTimeout(total=60)) as client:
            pauses = _pauses(self.retry_pause)
            while queue:
                pause = await self._post_head(client, webhook, queue[0])
                if pause is None or time.monotonic() > queue[0].until:
                    queue.popleft()
                    pauses = _pauses(self.retry_pause)
                else:
                    await asyncio.sleep(pause or next(pauses))
            # While the client closes, an update may come: it needs a courier that is still there.
            self._couriers.pop(line, None)

    async def _post_head(self, client: ClientSession, webhook: Webhook, update: Update) -> float | None:
        """None when the update is taken; else the seconds to wait, 0 if the bot did not say."""
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        try:
            async with client.post(webhook.url, data=json.dumps(update.as_json()), headers=headers) as answer:
                self.webhook_answers.append(answer.status)
                if answer.status == 200:
                    return None
                self.webhook_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                return min(float(answer.headers.get("Retry-After", 0)), LONGEST_RETRY_AFTER)
        except (ClientError, TimeoutError) as error:
            self.webhook_error = type(error).__name__
            return 0


def _line(update: Update) -> str:
    """The queue an update waits in: one a chat for messages, another one a person for taps."""
    if update.kind == "callback_query":
        return f"taps of {update.body['from']['id']}"
    return f"messages of {update.body.get('chat', {}).get('id')}"


def _pauses(first: float) -> Iterator[float]:
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, first * 60)


async def _params(request: web.Request) -> dict[str, Any]:
    """The parameters, from wherever Telegram takes them."""
    params: dict[str, Any] = dict(request.query)
    try:
        if request.content_type == "application/json":
            params.update(await request.json())
        else:
            params.update(await request.post())
    except UnicodeDecodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return params


def _json(params: dict[str, Any], name: str) -> Any:
    """A parameter that is JSON, in a form's field or as it stands."""
    value = params.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise bad(f"can't parse {name} JSON object") from None
