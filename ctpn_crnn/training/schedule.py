"""Learning rate of a training: a linear warm-up, then a cosine."""

from __future__ import annotations

import keras

from ctpn_crnn.training.options import TrainingOptions


def learning_rate_schedule(options: TrainingOptions) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate as a function of the step."""
    warmup = min(options.warmup_steps, options.steps // 4)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else options.learning_rate,
        decay_steps=max(options.steps - warmup, 1),
        alpha=options.final_rate,
        warmup_target=options.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
