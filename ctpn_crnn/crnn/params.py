"""The tuned constants of reading, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScriptParams:
    """How the simplified or traditional script of a line is told, and what follows from it.

    Chosen on: lines of `fin_reports_dev` (simplified and traditional reports) and `sinonom_a` (traditional prints).

    Attributes:
        foreign_factor: Factor on the probability of a character that occurs only in the script that the line is not
            written in.
        line_evidence: Minimum net evidence to call a line simplified or traditional: sum of the probabilities of its
            characters that occur in one script only, less the sum for the other script.
        page_evidence: Minimum net evidence of all lines together to call a page simplified or traditional.
        max_mixed: A page whose minority script has more than this share of the evidence has no script of its own.
        page_vote: Evidence that the script of the page adds to each of its lines.
    """

    foreign_factor: float = 0.03
    line_evidence: float = 0.8
    page_evidence: float = 5.0
    max_mixed: float = 0.2
    page_vote: float = 2.0


@dataclass(frozen=True)
class ReadingParams:
    """How the logits of the network become text.

    Attributes:
        beam_width: Prefixes that the beam search keeps when a language model is used.
        lm_weight: Power of the language model's probability (Hannun et al., 2014, alpha). Chosen on: rendered lines
            whose text the model had not seen, later looked at on `fin_reports_dev` and `iiit5k_test`.
        length_bonus: Natural log of the factor that each character gains (Hannun et al., 2014, beta); makes up for the
            model's preference for short texts. Chosen with `lm_weight`.
        second_reading_below: A line whose characters have a lower probability on average (geometric mean) is read
            again. Chosen on: rendered lines whose text the model had not seen.
        script: How the script of a line is told.
    """

    beam_width: int = 10
    lm_weight: float = 0.3
    length_bonus: float = 1.3
    second_reading_below: float = 0.85
    script: ScriptParams = ScriptParams()


DEFAULTS = ReadingParams()
