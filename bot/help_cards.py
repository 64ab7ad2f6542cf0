"""Whom a woman in danger can call: the numbers that each organisation sets, out of one file.

    countries:
      NL:
        - {what: emergency, number: "112"}
        - {what: {en: Women's shelter, nl: Opvang voor vrouwen}, number: "030 123 4567"}
    default: NL
    organisations:
      Huis in Malmö: SE

`what` is one of KINDS, which Trede says in her language, or the organisation's own words by language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.settings import WrongSettings
from dialogs import phrases
from dialogs.help_card import EVERYWHERE
from dialogs.turn import HelpCard, HelpLine, Phrase
from locales.catalogue import SOURCE

KINDS: Mapping[str, Phrase] = {
    "emergency": phrases.HELP_EMERGENCY,
    "violence": phrases.HELP_VIOLENCE,
    "despair": phrases.HELP_DESPAIR,
    "doctor": phrases.HELP_DOCTOR,
    "lawyer": phrases.HELP_LAWYER,
    "children": phrases.HELP_CHILDREN,
}
"""What a number is for, in words that are translated."""

_NUMBER = re.compile(r"\+?[0-9][0-9 ()/-]{1,24}")


def _a_number(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"'{number}' is no telephone number; put it in quotes")
    return number


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Form):
    what: str | dict[str, Annotated[str, Field(min_length=1, max_length=120)]]
    number: Annotated[str, AfterValidator(_a_number)]

    @model_validator(mode="after")
    def _is_known(self) -> "_Line":
        if isinstance(self.what, str) and self.what not in KINDS:
            raise ValueError(f"'{self.what}' is none of {', '.join(KINDS)}")
        if isinstance(self.what, dict) and SOURCE not in self.what:
            raise ValueError("your own words need English too, for languages that you did not write: en")
        return self


class _File(_Form):
    countries: dict[str, Annotated[list[_Line], Field(min_length=1, max_length=8)]]
    default: str
    organisations: dict[str, str] = {}

    @model_validator(mode="after")
    def _knows_its_countries(self) -> "_File":
        for country in (self.default, *self.organisations.values()):
            if country not in self.countries:
                raise ValueError(f"there are no numbers for the country '{country}'")
        return self


@dataclass(frozen=True, slots=True)
class HelpCards:
    """The card for a woman of an organisation, in a language."""

    file: _File | None = None
    _made: dict[tuple[str, str], HelpCard] = field(default_factory=dict, compare=False, repr=False)

    def card(self, organisation: str, language: str) -> HelpCard:
        """Without a file: 112 alone."""
        if self.file is None:
            return EVERYWHERE
        country = self.file.organisations.get(organisation, self.file.default)
        made = self._made.get((country, language))
        if made is None:
            made = tuple(_line(line, language) for line in self.file.countries[country])
            self._made[country, language] = made
        return made


def read_help_cards(file: Path | None) -> HelpCards:
    """Raises WrongSettings, in one line, if the file cannot be used."""
    if file is None:
        return HelpCards()
    try:
        return HelpCards(_File.model_validate(yaml.safe_load(file.read_bytes())))
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = f"it is no YAML{f', line {mark.line + 1}' if mark else ''}"
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(each) for each in fault["loc"])
        why = f"{where}: {fault['msg'].removeprefix('Value error, ')}" if where else fault["msg"]
    raise WrongSettings(
        f"TREDE_HELP_FILE: {file} cannot be used: {why}. See docs/operate.md#numbers-for-help."
    ) from None


def _line(line: _Line, language: str) -> HelpLine:
    if isinstance(line.what, str):
        return HelpLine(KINDS[line.what], line.number)
    return HelpLine(line.what.get(language, line.what[SOURCE]), line.number)
