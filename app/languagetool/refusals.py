"""How a request is turned down: one line of plain text, as LanguageTool's clients expect it.

Its clients read a JSON body as a success, so that problem documents (RFC 9457) would break them.
The sentences are for the writers of clients: English, fixed, and without a word of what was sent.
"""

from __future__ import annotations

_SENTENCES = {
    "host-not-allowed": "This service is not known by the host name in the request",
    "not-found": "There is no such path here",
    "method-not-allowed": "This path takes GET and POST",
    "too-slow": "The request took too long to arrive. Please send it again",
    "busy": "The service has too much to do just now. Please try again in a moment",
    "not-ready": "The service is still starting. Please try again in a moment",
}


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A request that gets no answer but this line. `status` is that of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    @property
    def line(self) -> str:
        return f"Error: {self.sentence}"


def too_long(most: int) -> Refused:
    """`most` counts UTF-16 code units, as Java counts the length of a text."""
    return Refused(413, f"Your text exceeds the limit of {most} characters. Please submit a shorter text.")


def of(code: str, status: int, most: int) -> Refused:
    """What the other doors say in a problem document of this code; `most` is the longest text."""
    return too_long(most) if code == "too-large" else Refused(status, _SENTENCES.get(code, "Internal Error"))
