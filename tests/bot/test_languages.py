"""A language is on offer when a native speaker has read all of it, or when it is switched on as a draft."""

import pytest

from bot.languages import offered, under_review, wanted
from locales.catalogue import CLIENT_LANGUAGES


def test_drafts_are_not_on_offer_by_themselves() -> None:
    codes = [code for code, _ in offered()]

    assert "en" in codes
    assert not set(codes) & under_review()


def test_what_the_organisation_switches_on_is_on_offer_in_the_usual_order() -> None:
    codes = [code for code, _ in offered("so, ar")]

    assert {"ar", "so"} <= set(codes)
    assert codes == [code for code in CLIENT_LANGUAGES if code in codes]


def test_all_switches_every_language_on() -> None:
    assert tuple(code for code, _ in offered("all")) == CLIENT_LANGUAGES


def test_each_is_named_in_itself() -> None:
    names = dict(offered("all"))

    assert names["ar"] == "العربية"
    assert names["fa"] == "دری / فارسی"
    assert names["so"] == "Soomaali"


def test_a_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no language 'xx'"):
        wanted("ar, xx")
