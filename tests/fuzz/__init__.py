"""Damaged input, by the thousand: what is told of each in docs/fuzzing.md."""
