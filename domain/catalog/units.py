"""Units of measure, and numbers that carry one: 17 in is 43.18 cm.

A unit belongs to one dimension, and only units of one dimension can be compared. Conversion is exact (in fractions) and
rounded once, to twelve significant digits, so that a length written in two units is one value to facets and sorting.
Factors: NIST Special Publication 811, appendix B (the inch, pound, foot and gallon are exact by definition).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple

from domain.decider import Event

VALUE_MAX = 1e15
"""Either sign; beyond it a double no longer holds every whole number to a unit."""
_NUMBER_AND_UNIT = re.compile(r"([+-]?\d{1,16}(?:\.\d{1,16})?)\s?(\S{1,12})")


class Measure(Event, frozen=True):
    """``value`` in ``unit``, and how it was ``given`` where that was another way: ``17 in``."""

    value: float
    unit: str
    given: str = ""

    def __str__(self) -> str:
        return f"{self.value:.10g} {self.unit}"


class _Unit(NamedTuple):
    dimension: str
    factor: Fraction
    """Of the dimension's standard unit, the first of each list below."""
    zero: Fraction = Fraction(0)
    """Where its scale begins, in standard units."""


_BY_DIMENSION = {
    "length": "cm 1  mm 1/10  m 100  km 100000  um 1/10000  nm 1/10000000  in 2.54  ft 30.48  yd 91.44  mi 160934.4",
    "mass": "kg 1  g 1/1000  mg 1/1000000  t 1000  lb 0.45359237  oz 0.028349523125",
    "time": "s 1  ms 1/1000  min 60  h 3600  d 86400",
    "area": "m2 1  cm2 1/10000  mm2 1/1000000  ft2 0.09290304  ha 10000",
    "volume": "l 1  ml 1/1000  cl 1/100  m3 1000  cm3 1/1000  gal 3.785411784  floz 0.0295735295625",
    "speed": "m/s 1  km/h 5/18  mph 0.44704",
    "frequency": "Hz 1  kHz 1000  MHz 1000000  GHz 1000000000  rpm 1/60",
    "power": "W 1  mW 1/1000  kW 1000  VA 1  kVA 1000",
    "energy": "Wh 1  kWh 1000  J 1/3600  kJ 5/18",
    "voltage": "V 1  mV 1/1000  kV 1000",
    "current": "A 1  mA 1/1000",
    "charge": "mAh 1  Ah 1000",
    "pressure": "bar 1  Pa 1/100000  hPa 1/1000  kPa 1/100  psi 0.0689475729",
    "data": "GB 1  B 1/1000000000  kB 1/1000000  MB 1/1000  TB 1000  KiB 1024/1000000000  MiB 1048576/1000000000  "
    "GiB 1073741824/1000000000  TiB 1099511627776/1000000000",
    "data rate": "Mbit/s 1  bit/s 1/1000000  kbit/s 1/1000  Gbit/s 1000",
    "luminous flux": "lm 1",
    "luminance": "cd/m2 1",
    "sound level": "dB 1",
    "resolution": "dpi 1",
    "angle": "deg 1",
}
_ALSO = {'"': "in", "inch": "in", "inches": "in", "'": "ft", "µm": "um", "°": "deg", "L": "l", "mL": "ml", "°C": "C"}
_ALSO |= {"°F": "F", "²": "2"}
_UNITS: dict[str, _Unit] = {
    unit: _Unit(dimension, Fraction(factor))
    for dimension, listed in _BY_DIMENSION.items()
    for unit, factor in (pair.split(" ") for pair in listed.split("  "))
}
_UNITS |= {
    "C": _Unit("temperature", Fraction(1)),
    "K": _Unit("temperature", Fraction(1), Fraction("-273.15")),
    "F": _Unit("temperature", Fraction(5, 9), Fraction(-160, 9)),
}
_STANDARD: dict[str, str] = {}
for _name, _unit in _UNITS.items():
    _STANDARD.setdefault(_unit.dimension, _name)


def unit_named(name: str) -> str | None:
    """The unit's own symbol: ``in`` for ``inch`` and ``"``. None for what is no unit here."""
    symbol = _ALSO.get(name, name.replace("²", "2").replace("³", "3"))
    return symbol if symbol in _UNITS else None


def dimension_of(unit: str) -> str:
    return _UNITS[unit].dimension


def units_of(dimension: str) -> list[str]:
    return [name for name, unit in _UNITS.items() if unit.dimension == dimension]


def standard_of(unit: str) -> str:
    """What numbers of this dimension are kept in where nobody asks for another unit."""
    return _STANDARD[_UNITS[unit].dimension]


def convert(value: float, unit: str, to: str) -> float:
    """Both units of one dimension; twelve significant digits."""
    if unit == to:
        return value
    given, wanted = _UNITS[unit], _UNITS[to]
    assert given.dimension == wanted.dimension, (unit, to)
    standard = Fraction(repr(value)) * given.factor + given.zero
    return float(f"{float((standard - wanted.zero) / wanted.factor):.12g}")


def in_unit(measure: Measure, to: str) -> Measure | None:
    """The same in another unit, with how it was given. None if it has no such unit, is of another dimension, or is
    out of bounds."""
    unit = unit_named(measure.unit)
    if unit is None or dimension_of(unit) != dimension_of(to) or not math.isfinite(measure.value):
        return None
    value = convert(measure.value, unit, to)
    if abs(value) > VALUE_MAX or abs(measure.value) > VALUE_MAX:
        return None
    given = measure.given or ("" if unit == to else f"{measure.value:.10g} {unit}")
    return Measure(value, to, given)


def parse_measure(text: str) -> Measure | None:
    """``17 in``, ``17in`` or ``17"``, as files of rows have it. None for any other text."""
    match = _NUMBER_AND_UNIT.fullmatch(text.strip()) if len(text) <= 60 else None
    if match is None:
        return None
    unit = unit_named(match[2])
    return None if unit is None else Measure(float(match[1]), unit)
