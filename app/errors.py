"""Errors that carry a sentence for a person. None ever holds text of a mail."""

from __future__ import annotations


class TactlineError(Exception):
    """The base of every error this product raises on purpose."""


class GuidanceError(TactlineError):
    """A guidance file is wrong; the message names file and key."""


class SettingsError(TactlineError):
    """The service cannot start as it is set up; the message says what to set."""
