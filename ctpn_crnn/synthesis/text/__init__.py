"""The text of training images."""
