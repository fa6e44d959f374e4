"""How each utility writes days, numbers and money."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from localworld.portal.utilities import Utility

_MONTHS = "January February March April May June July August September October November December"
_CZECH_MONTHS = "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec"


@dataclass(frozen=True)
class Locale:
    """A way of writing. `day_form` has the fields of `str.format`: d, dd, m, mm, yyyy, month, mon; `money_form` takes the number."""

    currency: str
    day_form: str
    money_form: str
    group: str = ","
    point: str = "."
    months: str = _MONTHS

    def day(self, day: date) -> str:
        """Write a day."""
        month = self.months.split()[day.month - 1]
        return self.day_form.format(
            d=day.day, dd=f"{day.day:02}", m=day.month, mm=f"{day.month:02}", yyyy=day.year, month=month, mon=month[:3]
        )

    def month(self, day: date) -> str:
        """Write the month of a day, with its year."""
        return f"{self.months.split()[day.month - 1]} {day.year}"

    def number(self, number: Decimal) -> str:
        """Write a number in groups of thousands."""
        return f"{number:,}".translate({ord(","): self.group, ord("."): self.point})

    def money(self, amount: Decimal) -> str:
        """Write money with its sign."""
        return self.money_form.format(self.number(amount))

    def coded_money(self, amount: Decimal) -> str:
        """Write money with its ISO 4217 code."""
        return f"{self.currency} {self.number(amount)}"


_LOCALES = {
    "brightwater": Locale("USD", "{mon} {d}, {yyyy}", "${}"),
    "voltara": Locale("USD", "{mon} {d}, {yyyy}", "${}"),
    "northgas": Locale("GBP", "{d} {month} {yyyy}", "£{}"),
    "cascade": Locale("USD", "{mm}/{dd}/{yyyy}", "${}"),
    "halden": Locale("NOK", "{dd}.{mm}.{yyyy}", "kr {}"),
    "ostrava": Locale("CZK", "{d}. {m}. {yyyy}", "{} Kč", "\u00a0", ",", _CZECH_MONTHS),
}


def locale_of(utility: Utility) -> Locale:
    """Give the way in which a utility writes."""
    return _LOCALES[utility.name]
