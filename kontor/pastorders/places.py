"""Addresses for a data set that knows nothing but a country's name. Street, city and postal code are made up."""

from __future__ import annotations

PLACES = {
    "United Kingdom": ("GB", "London", "", "EC1A 1BB"),
    "Germany": ("DE", "Berlin", "", "10115"),
    "France": ("FR", "Paris", "", "75001"),
    "EIRE": ("IE", "Dublin", "", ""),
    "Belgium": ("BE", "Brussels", "", "1000"),
    "Spain": ("ES", "Madrid", "Madrid", "28001"),
    "Netherlands": ("NL", "Amsterdam", "", "1011 AB"),
    "Switzerland": ("CH", "Bern", "", "3011"),
    "Australia": ("AU", "Sydney", "NSW", "2000"),
    "Portugal": ("PT", "Lisbon", "", "1000-001"),
    "Sweden": ("SE", "Stockholm", "", "111 20"),
    "Italy": ("IT", "Rome", "RM", "00184"),
    "Finland": ("FI", "Helsinki", "", "00100"),
    "Norway": ("NO", "Oslo", "", "0150"),
    "Japan": ("JP", "", "Tokyo", "100-0001"),
    "Poland": ("PL", "Warsaw", "", "00-001"),
    "Channel Islands": ("JE", "St Helier", "", "JE2 3QA"),
    "Austria": ("AT", "Vienna", "", "1010"),
    "Cyprus": ("CY", "Nicosia", "", ""),
    "Denmark": ("DK", "Copenhagen", "", "1050"),
    "Hong Kong": ("HK", "", "Kowloon", ""),
    "Israel": ("IL", "Haifa", "", ""),
    "Singapore": ("SG", "Singapore", "", "018956"),
    "Canada": ("CA", "Toronto", "ON", "M5V 2T6"),
    "Malta": ("MT", "Valletta", "", ""),
    "Iceland": ("IS", "Reykjavik", "", ""),
    "Greece": ("GR", "Athens", "", "105 57"),
    "Lithuania": ("LT", "Vilnius", "", "01100"),
    "Bahrain": ("BH", "Manama", "", ""),
    "United Arab Emirates": ("AE", "", "Dubai", ""),
    "Saudi Arabia": ("SA", "Riyadh", "", ""),
    "Czech Republic": ("CZ", "Prague", "", "110 00"),
    "Lebanon": ("LB", "Beirut", "", ""),
    "Brazil": ("BR", "Brasilia", "DF", "70040-010"),
    "USA": ("US", "New York", "NY", "10001"),
    "RSA": ("ZA", "Cape Town", "", "8001"),
}
"""By the data's own names: code, city, region, postal code; what a country does not ask for is empty."""


def address_in(country: str, name: str) -> dict[str, str] | None:
    """None for what is no country, as "European Community" or "Unspecified"."""
    place = PLACES.get(country)
    if place is None:
        return None
    code, city, region, postal_code = place
    known = {"name": name, "line1": "1 High Street", "city": city, "region": region, "postalCode": postal_code}
    return {field: value for field, value in known.items() if value} | {"country": code}
