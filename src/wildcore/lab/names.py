"""Places and people of an invented district in Рівненщина; deterministic by the dice that are handed in."""

from __future__ import annotations

import random
from dataclasses import dataclass

SETTLEMENTS = ("смт Гоща", "с. Синів", "с. Бабин", "с. Тучин", "с. Горбаків", "с. Майків")
LANES = (
    "Незалежності вулиця", "Івана Франка вулиця", "Лесі Українки вулиця", "Шевченка вулиця", "Євгенія Борового вулиця",
    "Соборна вулиця", "Молодіжна вулиця", "Набережна вулиця", "Сагайдачного провулок", "Садова вулиця", "Зарічна вулиця",
    "Князя Острозького вулиця",
)  # fmt: skip
_MEN = ("Андрій", "Богдан", "Василь", "Володимир", "Дмитро", "Ігор", "Микола", "Олег", "Петро", "Роман", "Сергій", "Тарас")
_WOMEN = ("Ганна", "Галина", "Ірина", "Катерина", "Любов", "Марія", "Надія", "Оксана", "Ольга", "Світлана", "Тетяна", "Юлія")
_SURNAMES = (
    "Бондар", "Бойко", "Гнатюк", "Ґедзь", "Дмитренко", "Жук", "Захарчук", "Іваненко", "Їжакевич", "Коваль", "Кравчук",
    "Лисенко", "Марчук", "Мельник", "Назарук", "Олійник", "Поліщук", "Романюк", "Савчук", "Ткачук", "Шевчук", "Яремчук",
)  # fmt: skip
_LATIN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "y",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ь": "", "ю": "iu", "я": "ia",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A subscriber's address; `app` (flat) is empty in a house of one's own."""

    settlement: str
    lane: str
    house: str
    app: str = ""

    @property
    def full(self) -> str:
        """As billing writes it: `Рівне, Євгенія Борового вулиця 1/15`."""
        return f"{self.settlement}, {self.lane} {self.house}" + (f"/{self.app}" if self.app else "")

    @property
    def short(self) -> str:
        """As a technician types it into a description: `Франка 12 кв 4`."""
        street = self.lane.removesuffix(" вулиця").removesuffix(" провулок").rsplit(" ", 1)[-1]
        return f"{street} {self.house}" + (f" кв {self.app}" if self.app else "")


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed the contract."""

    surname: str
    name: str

    @property
    def full(self) -> str:
        """Surname and name."""
        return f"{self.surname} {self.name}"


def person(dice: random.Random) -> Person:
    """Somebody."""
    return Person(dice.choice(_SURNAMES), dice.choice(_MEN + _WOMEN))


def latin(text: str) -> str:
    """Ukrainian letters as in passports, lower case: logins are made of this."""
    return text.lower().translate(_LATIN)
