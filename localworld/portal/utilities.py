"""The six utilities: who they are, whom they bill, what they charge."""

from dataclasses import dataclass
from decimal import Decimal

from localworld.portal.bills import Tariff

_HEATING = ("1.9", "1.7", "1.4", "0.9", "0.5", "0.3", "0.25", "0.25", "0.45", "0.9", "1.4", "1.8")
_COOLING = ("0.95", "0.9", "0.85", "0.8", "0.9", "1.2", "1.45", "1.4", "1.1", "0.85", "0.8", "0.95")
_EVEN = ("0.95", "0.95", "1.0", "1.0", "1.05", "1.1", "1.1", "1.1", "1.05", "1.0", "0.95", "0.95")


@dataclass(frozen=True)
class Utility:
    """One utility. `fields` are the login form's names of user and password by version; `colour` is its brand colour."""

    name: str
    title: str
    service: str
    address: str
    phone: str
    customer: str
    contact: str
    site_address: str
    account: str
    meter: str
    unit: str
    currency: str
    bills: int
    tariff: Tariff
    fields: dict[str, tuple[str, str]]
    csrf: str
    refusal: str
    colour: str
    language: str = "en"


BRIGHTWATER = Utility(
    name="brightwater",
    title="Brightwater Water & Sewer",
    service="Water and sewer service",
    address="1200 Reservoir Road, Brightwater, OR 97401",
    phone="(541) 555-0142",
    customer="Acme Facilities LLC",
    contact="Dana Whitfield",
    site_address="418 Alder Street, Brightwater, OR 97401",
    account="20-88412-07",
    meter="W5520918",
    unit="CCF",
    currency="USD",
    bills=6,
    tariff=Tariff(Decimal("48.20"), Decimal("3.418"), Decimal("0.03"), Decimal(142), Decimal(1), _EVEN),
    fields={"v1": ("username", "password"), "v2": ("username", "password")},
    csrf="authenticity_token",
    refusal="We couldn't sign you in. Check your user name and password and try again.",
    colour="#0b6fa4",
)

VOLTARA = Utility(
    name="voltara",
    title="Voltara Energy",
    service="Electric delivery and supply",
    address="77 Turbine Plaza, Suite 900, Denver, CO 80202",
    phone="1-800-555-0119",
    customer="Acme Facilities LLC",
    contact="Marcus Oyelaran",
    site_address="2900 Blake Street, Denver, CO 80205",
    account="VE-7730-4415-2",
    meter="E99071344",
    unit="kWh",
    currency="USD",
    bills=8,
    tariff=Tariff(Decimal("18.00"), Decimal("0.1427"), Decimal("0.041"), Decimal(2150), Decimal(1), _COOLING),
    fields={"v1": ("email", "password"), "v2": ("email", "password")},
    csrf="_token",
    refusal="Your email or password is incorrect.",
    colour="#6d28d9",
)

NORTHGAS = Utility(
    name="northgas",
    title="NorthGas Supply",
    service="Natural gas supply",
    address="NorthGas House, 14 Quayside, Newcastle upon Tyne NE1 3DX",
    phone="0800 555 0163",
    customer="Acme Facilities Ltd",
    contact="Priya Raman",
    site_address="Unit 6, Stephenson Park, Gateshead NE8 2QT",
    account="8504 2219 6630",
    meter="G4A00377121",
    unit="kWh",
    currency="GBP",
    bills=4,
    tariff=Tariff(Decimal("29.45"), Decimal("0.0672"), Decimal("0.20"), Decimal(3900), Decimal(1), _HEATING),
    fields={"v1": ("username", "password"), "v2": ("loginIdentifier", "password")},
    csrf="_csrf",
    refusal="We don't recognise those details. Please try again.",
    colour="#c2410c",
)

CASCADE = Utility(
    name="cascade",
    title="Cascade Public Utility District",
    service="Electric service",
    address="500 River Mile Drive, Wenatchee, WA 98801",
    phone="(509) 555-0187",
    customer="Acme Facilities LLC",
    contact="Dana Whitfield",
    site_address="3115 Orchard Loop, Wenatchee, WA 98801",
    account="4471-00926-3",
    meter="C31-882045",
    unit="kWh",
    currency="USD",
    bills=7,
    tariff=Tariff(Decimal("21.35"), Decimal("0.0389"), Decimal("0.0605"), Decimal(5400), Decimal(1), _HEATING),
    fields={"v1": ("ctl00$Main$txtUserId", "ctl00$Main$txtPassword"), "v2": ("userId", "passphrase")},
    csrf="__VIEWSTATE",
    refusal="The user ID or password is not correct. Please re-enter your credentials.",
    colour="#1d4d3b",
)

HALDEN = Utility(
    name="halden",
    title="Halden District Heating",
    service="District heating",
    address="Tollbugata 3, 1767 Halden, Norway",
    phone="+47 69 55 01 20",
    customer="Acme Eiendom AS",
    contact="Ingrid Solberg",
    site_address="Storgata 18, 1767 Halden",
    account="310 447 902",
    meter="H-2217-0083",
    unit="MWh",
    currency="NOK",
    bills=4,
    tariff=Tariff(Decimal("412.00"), Decimal("689.50"), Decimal("0.25"), Decimal("14.2"), Decimal("0.01"), _HEATING),
    fields={"v1": ("user", "pass"), "v2": ("user", "pass")},
    csrf="csrf_token",
    refusal="Sign-in failed. Please check your customer login.",
    colour="#9f1239",
)

OSTRAVA = Utility(
    name="ostrava",
    title="Ostravské vodárny",
    service="Dodávka pitné vody a odvádění odpadních vod",
    address="Nádražní 28, 702 00 Ostrava",
    phone="800 555 017",
    customer="Acme Správa nemovitostí s.r.o.",
    contact="Jana Dvořáčková",
    site_address="Výstavní 112, 703 00 Ostrava-Vítkovice",
    account="60 21 448 330",
    meter="V 770 1185",
    unit="m³",
    currency="CZK",
    bills=5,
    tariff=Tariff(Decimal("186.00"), Decimal("111.72"), Decimal("0.12"), Decimal("64.0"), Decimal("0.1"), _EVEN),
    fields={"v1": ("uzivatel", "heslo"), "v2": ("prihlasovaciJmeno", "prihlasovaciHeslo")},
    csrf="_token",
    refusal="Neplatné přihlašovací údaje. Zkuste to prosím znovu.",
    colour="#0e4d92",
    language="cs",
)

UTILITIES = (BRIGHTWATER, VOLTARA, NORTHGAS, CASCADE, HALDEN, OSTRAVA)
