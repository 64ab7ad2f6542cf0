"""Everyday work and activities with their codes."""

import re

from casework.occupations import occupations


def test_there_are_about_sixty_and_each_is_there_once() -> None:
    found = occupations()

    assert 60 <= len(found) <= 80
    assert len({each.key for each in found}) == len({each.label for each in found}) == len(found)


def test_codes_are_unit_groups_and_esco_has_an_address_for_each() -> None:
    for each in occupations():
        assert re.fullmatch(r"\d{4}|", each.isco), each.key
        assert each.esco == (f"http://data.europa.eu/esco/isco/C{each.isco}" if each.isco else "")


def test_unpaid_work_is_among_the_rest_and_nothing_stands_first_but_by_its_letter() -> None:
    assert {"raising_children", "household", "water_and_wood", "volunteering"} <= {
        each.key for each in occupations()
    }
    labels = [each.label.casefold() for each in occupations()]
    assert labels == sorted(labels)
