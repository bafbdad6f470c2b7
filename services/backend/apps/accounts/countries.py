"""Countries by ISO 3166-1 alpha-2."""

from functools import cache

from babel import Locale

#: Two-letter codes in CLDR that ISO 3166-1 does not assign: exceptional reservations, groupings, private use.
_NOT_ISO = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]
)


@cache
def country_codes() -> frozenset[str]:
    """The 249 officially assigned codes, in upper case."""
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NOT_ISO
