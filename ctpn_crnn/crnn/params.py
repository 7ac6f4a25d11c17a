"""The tuned constants of reading, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingParams:
    """How the logits of the network become text.

    Attributes:
        beam_width: Prefixes that the beam search keeps when a language model is used.
        lm_weight: Power of the language model's probability (Hannun et al., 2014, alpha). Chosen on: rendered lines
            whose text the model had not seen, later looked at on `fin_reports_dev` and `iiit5k_test`.
        length_bonus: Natural log of the factor that each character gains (Hannun et al., 2014, beta); makes up for the
            model's preference for short texts. Chosen with `lm_weight`.
        accent_odds: How many times less probable an accented letter is than the plain one, whose statistics the
            language model uses. Checked on: `iiit5k_test`, and a receipt of `sroie_dev`, whose CASH is CÂSH without it.
        second_reading_below: A line whose characters have a lower probability on average (geometric mean) is read
            again. Chosen on: rendered lines whose text the model had not seen.
        foreign_factor: Factor on the probability of a character that occurs only in the Chinese script, simplified or
            traditional, that its line is not written in. Chosen on: rendered lines, after a look at errors on
            `fin_reports_dev`.
    """

    beam_width: int = 10
    lm_weight: float = 0.3
    length_bonus: float = 1.3
    accent_odds: float = 20.0
    second_reading_below: float = 0.85
    foreign_factor: float = 0.03


DEFAULTS = ReadingParams()
