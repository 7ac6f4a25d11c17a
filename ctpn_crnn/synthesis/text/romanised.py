"""Romanised Chinese (pinyin, Min) and accented words of other languages."""

from __future__ import annotations

import numpy as np

_INITIALS = " p ph b m f t th d n l k kh g ng h ts tsh s j q x zh ch sh r z c w y".split(" ")
"""Consonants that begin a syllable; the first one is empty."""
_FINALS = (
    "a e i o u ai ei au ao ou ia ie io iu ua ue ui uai iau an en in un ang eng ing ong am im iam iong ah ak at ik it "
    "iok uat er ee oo"
).split(" ")
_TONES = {"a": "āáǎàâ", "e": "ēéěèê", "i": "īíǐìî", "o": "ōóǒòô", "u": "ūúǔùûǖǘǚǜü", "n": "ńňǹ"}
_ACCENTS = {"a": "àáâäãå", "e": "éèêëé", "i": "íîïì", "o": "óôöõø", "u": "üúûù", "c": "ç", "n": "ñ"}


def syllable(rng: np.random.Generator) -> str:
    """Draw a syllable of pinyin or of romanised Min, three of four with a tone mark."""
    initial, final = _INITIALS[int(rng.integers(len(_INITIALS)))], _FINALS[int(rng.integers(len(_FINALS)))]
    if not initial and rng.random() < 0.1:
        return str(rng.choice(list(_TONES["n"]))) + "g"
    if rng.random() < 0.25:
        return initial + final
    place = min(i for i, letter in enumerate(final) if letter in "aeiou")
    if final[: place + 2] in ("ia", "ie", "io", "iu", "ua", "ue", "ui"):
        place += 1
    marked = _TONES[final[place]]
    nasal = "ⁿ" if rng.random() < 0.04 else ""
    return initial + final[:place] + marked[int(rng.integers(len(marked)))] + final[place + 1 :] + nasal


def accented(rng: np.random.Generator, word: str) -> str:
    """Put an accent on one letter of a word, as French or Spanish words have; unchanged if no letter can take one."""
    places = [i for i, letter in enumerate(word) if letter in _ACCENTS]
    if not places:
        return word
    place = places[int(rng.integers(len(places)))]
    marked = _ACCENTS[word[place]]
    return word[:place] + marked[int(rng.integers(len(marked)))] + word[place + 1 :]
