"""One room for training both networks: batches, schedule, checkpoints, monitor, strategies."""
