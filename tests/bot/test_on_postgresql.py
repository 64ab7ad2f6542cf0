"""A Trede that runs on PostgreSQL: from hello to the queue, through a kill, and with many at once."""

import json
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.chatting import Chatting
from tests.running import Running, free_port, running

PASSWORD = "seven small steps up"


def begins(amina: Chatting) -> None:
    """Language, name, alone, agreed, about five minutes."""
    amina.starts()
    amina.taps(1)
    amina.says("Amina")
    amina.taps(1, 1, 1)


def tells(amina: Chatting) -> None:
    """What she hopes for, and her step."""
    amina.says("A small <b>shop</b> of my own", "To ride a bicycle")
    amina.taps(1)
    amina.says("Ask the school", "Monday, at home", "8")


def shares_all(amina: Chatting) -> None:
    """Both parts are right and shared; no call."""
    amina.taps(1, 1, 1, 1, 2)


def invited(server: Running) -> str:
    """A chat link of her own."""
    made = json.loads(server.trede("invite", "--name", "Amina", "--language", "en", "--json"))
    return str(made["web"])


def filled(amina: Chatting, words: str) -> dict[str, str]:
    """The page's form with an answer in it, to be sent once or more."""
    return {"event": secrets.token_urlsafe(16), "text": words, "token": amina.token}


def test_a_conversation_reaches_the_queue_and_the_summary_page(tmp_path: Path, postgres_url: str) -> None:
    with running(tmp_path, TREDE_DATABASE_URL=postgres_url) as server, Chatting(server.chat) as amina:
        begins(amina)
        tells(amina)
        shares_all(amina)

        [case] = json.loads(server.trede("queue", "--json"))
        with httpx.Client(base_url=server.address, follow_redirects=True) as joke:
            queue = joke.post(server.enter, data={"password": PASSWORD, "again": PASSWORD})
            page = joke.get(f"/staff/cases/{case['summary']}")

    assert (case["client"], case["state"], case["language"]) == ("Amina", "new", "en")
    assert queue.url.path == "/staff"
    assert f"/staff/cases/{case['summary']}" in queue.text
    assert page.status_code == 200
    assert "A small &lt;b&gt;shop&lt;/b&gt; of my own" in page.text
    assert not list(tmp_path.rglob("*.sqlite3")), "nothing is kept beside PostgreSQL"


def test_killed_while_her_answer_is_on_its_way_it_goes_on_and_takes_it_once(
    tmp_path: Path, postgres_url: str
) -> None:
    settings = {"TREDE_DATABASE_URL": postgres_url, "TREDE_PORT": str(free_port())}
    with running(tmp_path, **settings) as server, Chatting(server.chat) as amina:
        begins(amina)
        amina.says("A quiet home")
        form = filled(amina, "To ride a bicycle")
        with ThreadPoolExecutor() as threads:
            sending = threads.submit(amina.sends, **form)
            server.stop(signal.SIGKILL)
            sending.exception()  # taken, or cut off

    with running(tmp_path, **settings) as server, Chatting(server.chat) as amina:
        amina.sends(**form)

        assert amina.hears.count("A quiet home") == 1
        assert amina.hears.count("To ride a bicycle") == 1
        assert amina.token != form["token"]
        amina.taps(1)
        assert "Part 3 of 4" in amina.hears


def test_the_same_form_sent_twice_at_once_is_taken_once(tmp_path: Path, postgres_url: str) -> None:
    with (
        running(tmp_path, TREDE_DATABASE_URL=postgres_url) as server,
        Chatting(server.chat) as once,
        Chatting(invited(server)) as twice,
        ThreadPoolExecutor() as threads,
    ):
        for amina, times in ((once, 1), (twice, 2)):
            begins(amina)
            for words in ("A quiet home", "To ride a bicycle"):
                form = filled(amina, words)
                sent = [threads.submit(amina.sends, **form) for _ in range(times)]
                assert {one.result().status_code for one in sent} == {303}

        assert twice.hears == once.hears
        assert once.hears.count("A quiet home") == 1


def test_women_who_talk_at_once_do_not_hear_each_other(tmp_path: Path, postgres_url: str) -> None:
    def talks(link: str, dream: str) -> str:
        with Chatting(link) as woman:
            begins(woman)
            woman.says(dream)
            return woman.hears

    dreams = ["A quiet home", "A shop by the sea"]
    with running(tmp_path, TREDE_DATABASE_URL=postgres_url) as server, ThreadPoolExecutor() as threads:
        pages = list(threads.map(talks, [server.chat, invited(server)], dreams))

    for page, hers in zip(pages, dreams, strict=True):
        assert [dream for dream in dreams if dream in page] == [hers]
