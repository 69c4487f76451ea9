"""`tactline report`: reviews in files to one page of plots."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from app import strings
from app.cli.files import replacing
from app.errors import TactlineError
from app.guidance.house import load_all
from app.report.figures import LEAST, Cells, TooFewError
from app.report.page import Page
from app.report.rows import NotReviewsError, PackageMissingError, read
from app.settings import load as load_settings
from app.tone.types import Language


def run(reviews: Sequence[Path], out: Path, explain_in: Language, language: Language) -> None:
    """Write the page, whole or not at all. Raises TactlineError with words for the user."""
    guidance = load_all(load_settings().guidance_dir)
    today = dt.datetime.now().astimezone().date()
    cells = Cells(today)
    for path in reviews:
        _add(path, cells, language)
    try:
        report = cells.report()
    except TooFewError:
        raise TactlineError(strings.say(language, "cli.error.too-few-reviews", least=LEAST)) from None
    html = Page(guidance, explain_in).render(report, today)
    try:
        with replacing(out) as aside:
            aside.write_text(html, "utf-8")
    except OSError:
        raise TactlineError(strings.say(language, "cli.error.unwritable", path=out)) from None
    print(strings.say(language, "cli.reported", path=out, count=report.all.count), file=sys.stderr)


def _add(path: Path, cells: Cells, language: Language) -> None:
    try:
        for row in read(path):
            cells.add(row)
    except FileNotFoundError:
        raise TactlineError(strings.say(language, "cli.error.missing-file", path=path)) from None
    except OSError:
        raise TactlineError(strings.say(language, "cli.error.unreadable", path=path)) from None
    except PackageMissingError:
        raise TactlineError(strings.say(language, "cli.error.no-parquet")) from None
    except NotReviewsError as error:
        told = strings.say(language, "cli.error.not-reviews", path=path, number=error.number)
        raise TactlineError(told) from None
