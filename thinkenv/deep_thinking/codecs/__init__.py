"""Codecs: a task's problems as a net's inputs, and its logits as answers."""
