"""Many documents: the folder job and the windows of the batch detector."""
