"""Numbers of any precision as the test reads them, and errors in units of the last place.

A cell is the bits of a number in hexadecimal, rounded toward 0, and two digits more: how far it is from there in 1/256
of its last place. "@e" follows where the unit that errors are measured in is 2^e instead of that place, because terms
of that size cancelled. `inf`, `-inf` and `nan` stand for themselves, `-` for what is not asked.
"""
import mpmath
import numpy
from mpmath import mp, mpf

kinds = {"float32": (numpy.float32, numpy.uint32, 8, 24, -126, 127), "float64": (numpy.float64, numpy.uint64, 16, 53, -1022, 1023)}


def exponent(x):
    """e with 2^e <= |x| < 2^(e + 1)."""
    mantissa, e = mp.frexp(abs(x))
    return e - 1


def unit_of(kind, x):
    """The exponent of the last place of a number as large as x."""
    _, _, _, digits, least, _ = kinds[kind]
    return (max(exponent(x), least) if x else least) - (digits - 1)


def cell(kind, terms):
    """A number, or the terms of which it is the sum."""
    if terms is None:
        return "-"
    terms = [mpmath.mpmathify(t) for t in (terms if isinstance(terms, list) else [terms])]
    total = mp.fsum(terms)
    if mp.isnan(total) or mp.isinf(total):
        return "nan" if mp.isnan(total) else "inf" if total > 0 else "-inf"
    number, word, width, digits, least, most = kinds[kind]
    if total and exponent(total) > most:
        return "inf" if total > 0 else "-inf"
    place = unit_of(kind, total)
    scaled = abs(total) / mpf(2) ** place
    whole = int(mp.floor(scaled))
    rest = int(mp.floor((scaled - whole) * 256))
    # whole is below 2^digits; its bits as a float are those of whole ulps counted from 0.
    bits = whole if exponent(total) < least or not total else ((place + digits - 1 - least + 1) << (digits - 1)) + (whole - (1 << (digits - 1)))
    bits |= (1 << (4 * width - 1)) if total < 0 else 0
    text = f"{bits:0{width}x}{rest:02x}"
    unit = max(unit_of(kind, t) for t in terms)
    return text if unit == place else f"{text}@{unit}"


def bits(kind, x):
    """The bits of a float in hexadecimal."""
    number, word, width, *_ = kinds[kind]
    return f"{int(numpy.array(x, number).view(word)):0{width}x}"


def error(kind, got, text):
    """How far a float is from a cell, in its units; None where nothing is asked."""
    if text == "-":
        return None
    number, word, width, digits, least, most = kinds[kind]
    got = float(got)
    if text == "nan" or got != got:
        return 0.0 if text == "nan" and got != got else float("inf")
    if text in ("inf", "-inf"):
        return 0.0 if got == float(text) else abs(1 - abs(got) / 2.0**most / 2) * 2.0**digits if got * float(text) > 0 else float("inf")
    body, _, unit = text.partition("@")
    value = mpf(float(numpy.array(int(body[:width], 16), word).view(number)))
    place = unit_of(kind, value)
    sign = -1 if int(body[0], 16) >= 8 else 1
    value += sign * mpf(int(body[width:], 16)) / 256 * mpf(2) ** place
    if abs(got) == float("inf"):
        got = mpf(2) ** (most + 1) * (1 if got > 0 else -1)
    return float(abs(got - value) / mpf(2) ** (int(unit) if unit else place))
