"""The command line: what `tactline --help` lists.

Commands import what they need when they run, so that `--help` is quick.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from app import strings
from app.errors import TactlineError
from app.tone.types import LANGUAGES, Language

POOR = 1
"""Exit status when a reviewed mail's band is poor."""
UNUSABLE = 2
"""Exit status when the command or its input cannot be used."""
NOT_READY = 1
"""Exit status of `health` when the service does not answer, or not yet."""


class Kind(StrEnum):
    """`app.holds.propose.KINDS`, which would take long to import; a test compares the two.

    An enumeration because typer takes no list of literals.
    """

    COMMITMENT = "commitment"
    CLIENT_CALL = "client-call"
    PREPARE = "prepare"
    CHECK_IN = "check-in"
    TEAM_RETRO = "team-retro"
    COOLING_OFF = "cooling-off"
    PEER_REVIEW = "peer-review"
    PLAN_BRIEFING = "plan-briefing"


def user_language() -> Language | None:
    """The user's language by the locale variables of POSIX, None when it is not one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            code = value.partition(".")[0].partition("_")[0].lower()
            return next((known for known in LANGUAGES if known == code), None)
    return None


_LANGUAGE: Language = user_language() or "en"


def _help(key: str) -> str:
    return strings.say(_LANGUAGE, f"help.{key}")


app = typer.Typer(
    name="tactline",
    help=_help("app"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and leave with status 2."""
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)


@app.command(help=_help("review"))
def review(
    files: Annotated[list[str] | None, typer.Argument(help=_help("files"), show_default=False)] = None,
    direction: Annotated[Literal["outgoing", "incoming"], typer.Option(help=_help("direction"))] = "outgoing",
    language: Annotated[Literal["en", "fr", "ar", "tr"] | None, typer.Option(help=_help("language"))] = None,
    now: Annotated[str | None, typer.Option(help=_help("now"))] = None,
    time_zone: Annotated[str | None, typer.Option(help=_help("time-zone"))] = None,
    explain_in: Annotated[
        Literal["en", "fr", "ar", "tr"] | None, typer.Option(help=_help("explain-in"))
    ] = None,
    context: Annotated[list[Path] | None, typer.Option(help=_help("context"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_help("json"))] = False,
    offset_encoding: Annotated[
        Literal["utf-16", "code-point", "utf-8"], typer.Option(help=_help("offset-encoding"))
    ] = "utf-16",
    ics: Annotated[Path | None, typer.Option(help=_help("ics"))] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help=_help("no-color"))] = False,
    out: Annotated[Path | None, typer.Option(help=_help("review-out"), show_default=False)] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help=_help("jobs"), show_default=False)] = None,
) -> None:
    from app.cli import reviewing as command

    names = files or []
    if not names:
        if sys.stdin.isatty():
            fail(strings.say(_LANGUAGE, "cli.error.no-input"))
        names = ["-"]
    if out is not None and (as_json or ics is not None or context):
        fail(strings.say(_LANGUAGE, "cli.error.out-alone"))
    if out is None and jobs is not None:
        fail(strings.say(_LANGUAGE, "cli.error.jobs-alone"))
    try:
        choices = command.choose(now, time_zone, explain_in or user_language(), offset_encoding, _LANGUAGE)
        if out is not None:
            from app.cli import batch

            status = batch.run(names, out, jobs, batch.Wanted(choices, direction, language), _LANGUAGE)
        else:
            run = command.Run(choices, direction, language, context or [], as_json, no_color, _LANGUAGE)
            status = run.review(names, ics)
    except TactlineError as error:
        fail(str(error))
    raise typer.Exit(status)


@app.command(help=_help("report"))
def report(
    reviews: Annotated[list[Path], typer.Argument(help=_help("reviews"), show_default=False)],
    out: Annotated[Path, typer.Option(help=_help("report-out"))] = Path("report.html"),
    explain_in: Annotated[
        Literal["en", "fr", "ar", "tr"] | None, typer.Option(help=_help("report-language"))
    ] = None,
) -> None:
    from app.cli import reporting as command

    try:
        command.run(reviews, out, explain_in or _LANGUAGE, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))


@app.command(help=_help("holds"))
def holds(
    ctx: typer.Context,
    calendar: Annotated[
        Literal["ics", "google", "microsoft"], typer.Option(help=_help("calendar"), show_default=False)
    ],
    mail: Annotated[str | None, typer.Argument(help=_help("mail"), show_default=False)] = None,
    direction: Annotated[Literal["outgoing", "incoming"], typer.Option(help=_help("direction"))] = "outgoing",
    language: Annotated[Literal["en", "fr", "ar", "tr"] | None, typer.Option(help=_help("language"))] = None,
    now: Annotated[str | None, typer.Option(help=_help("now"))] = None,
    time_zone: Annotated[str | None, typer.Option(help=_help("time-zone"))] = None,
    explain_in: Annotated[
        Literal["en", "fr", "ar", "tr"] | None, typer.Option(help=_help("explain-in"))
    ] = None,
    context: Annotated[list[Path] | None, typer.Option(help=_help("context"))] = None,
    kind: Annotated[list[Kind] | None, typer.Option(help=_help("kind"))] = None,
    keep: Annotated[bool, typer.Option("--keep", help=_help("keep"))] = False,
    listed: Annotated[bool, typer.Option("--list", help=_help("list"))] = False,
    remove: Annotated[bool, typer.Option("--remove", help=_help("remove"))] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_help("yes"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_help("dry-run"))] = False,
    file: Annotated[Path | None, typer.Option(help=_help("file"), show_default="tactline-holds.ics")] = None,
    client_id: Annotated[str | None, typer.Option(help=_help("client-id"))] = None,
    client_file: Annotated[Path | None, typer.Option(help=_help("client-file"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_help("holds-json"))] = False,
) -> None:
    from app.cli import calendars, holding, reviewing
    from app.settings import load as load_settings

    if mail is None and sys.stdin.isatty():
        fail(strings.say(_LANGUAGE, "cli.error.no-input"))
    try:
        options = reviewing.choose(now, time_zone, explain_in or user_language(), "utf-16", _LANGUAGE)
        wish = holding.Wish(frozenset(kind or ()), keep, listed, remove, yes, dry_run, as_json)
        account = calendars.Account(load_settings(), client_id, client_file)
        outside = ctx.obj if isinstance(ctx.obj, calendars.Outside) else calendars.Outside()
        holding.Run(
            calendar, wish, options, direction, language, context or [], file or calendars.FILE, account,
            outside, _LANGUAGE,
        ).run(mail or "-")  # fmt: skip
    except TactlineError as error:
        fail(str(error))


@app.command(help=_help("serve"))
def serve(
    host: Annotated[str | None, typer.Option(help=_help("host"), show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help=_help("port"), show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help=_help("workers"), show_default="1")] = None,
) -> None:
    from app.cli import serving as command

    try:
        command.run(host, port, workers, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))


@app.command(help=_help("mcp"))
def mcp() -> None:
    from app.cli import assisting as command

    try:
        command.run()
    except TactlineError as error:
        fail(str(error))


@app.command(help=_help("guidelines"))
def guidelines() -> None:
    from app.guidance.house import load_all
    from app.settings import load as load_settings

    try:
        guidance = load_all(load_settings().guidance_dir)
    except TactlineError as error:
        fail(str(error))
    for group in (guidance.avoid, guidance.include):
        typer.echo(strings.say(_LANGUAGE, f"word.kind.{group[0].head.kind}"))
        for guideline in group:
            words = guideline.wording(_LANGUAGE)
            typer.echo(f"  {guideline.id:24} {words.title}. {words.advice}")


@app.command(help=_help("manifests"))
def manifests(
    base_url: Annotated[str, typer.Option(help=_help("base-url"), show_default=False)],
    out: Annotated[Path, typer.Option(help=_help("out"), show_default=False)],
    read_drafts: Annotated[bool, typer.Option("--read-drafts", help=_help("read-drafts"))] = False,
    no_calendar: Annotated[bool, typer.Option("--no-calendar", help=_help("no-calendar"))] = False,
    entra_client_id: Annotated[str, typer.Option(help=_help("entra-client-id"), show_default=False)] = "",
    insecure_local: Annotated[bool, typer.Option("--insecure-local", help=_help("insecure-local"))] = False,
) -> None:
    from app.cli import deploying as command
    from app.manifests import Features

    try:
        features = Features(not no_calendar, read_drafts, entra_client_id)
        command.write(base_url, out, features, insecure_local, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))


keys_app = typer.Typer(no_args_is_help=True, help=_help("keys"))
app.add_typer(keys_app, name="keys")


@keys_app.command("create", help=_help("keys-create"))
def create_key(
    name: Annotated[str, typer.Argument(help=_help("key-name"), show_default=False)],
    scopes: Annotated[str, typer.Option(help=_help("scopes"), show_default=False)],
    expires: Annotated[str | None, typer.Option(help=_help("expires"), show_default=False)] = None,
) -> None:
    from app.cli import keys as command

    try:
        last = command.day_of(expires, _LANGUAGE)
        key = command.create(name, command.scopes_of(scopes, _LANGUAGE), last, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))
    # The key alone on standard output, so that a script can take it.
    typer.echo(key)
    typer.echo(strings.say(_LANGUAGE, "cli.key-made"), err=True)


@keys_app.command("list", help=_help("keys-list"))
def list_keys(as_json: Annotated[bool, typer.Option("--json", help=_help("keys-json"))] = False) -> None:
    from app.cli import keys as command

    try:
        command.listed(as_json, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))


@keys_app.command("revoke", help=_help("keys-revoke"))
def revoke_key(name: Annotated[str, typer.Argument(help=_help("key-name"), show_default=False)]) -> None:
    from app.cli import keys as command

    try:
        command.revoke(name, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))
    typer.echo(strings.say(_LANGUAGE, "cli.key-revoked"), err=True)


@app.command(help=_help("settings"))
def settings(
    write: Annotated[Path | None, typer.Option(help=_help("settings-write"), show_default=False)] = None,
) -> None:
    from app.cli import configuring as command

    if write is None:
        try:
            for found in command.in_force():
                origin = strings.say(_LANGUAGE, f"cli.from.{found.source}", path=found.path)
                typer.echo(f"{found.variable}={found.value}  # {origin}")
            for name in command.unknown():
                typer.echo(strings.say(_LANGUAGE, "cli.no-setting", name=name), err=True)
        except TactlineError as error:
            fail(str(error))
        return
    try:
        command.write(write)
    except (OSError, ValueError):
        fail(strings.say(_LANGUAGE, "cli.no-place", path=write))


@app.command(help=_help("migrate"))
def migrate(check: Annotated[bool, typer.Option("--check", help=_help("check"))] = False) -> None:
    from app.cli import migrating as command

    try:
        status = command.run(check, _LANGUAGE)
    except TactlineError as error:
        fail(str(error))
    raise typer.Exit(status)


@app.command(help=_help("health"))
def health() -> None:
    from app.cli import readiness as command

    try:
        ready = command.ready()
    except TactlineError as error:
        fail(str(error))
    typer.echo(strings.say(_LANGUAGE, "cli.ready" if ready else "cli.not-ready"))
    raise typer.Exit(0 if ready else NOT_READY)


@app.command(help=_help("train"))
def train(
    transformer: Annotated[bool, typer.Option("--transformer", help=_help("transformer"))] = False,
    politeness: Annotated[Path | None, typer.Option(help=_help("politeness"))] = None,
) -> None:
    from app.cli import training

    if transformer:
        training.train_transformer(typer.echo)
    typer.echo(strings.say(_LANGUAGE, "cli.trained", path=training.train(politeness)))


@app.command(help=_help("accuracy"))
def accuracy(
    cases: Annotated[list[Path] | None, typer.Argument(help=_help("cases"))] = None,
    write: Annotated[Path | None, typer.Option(help=_help("write"))] = None,
    show: Annotated[bool, typer.Option("--show", help=_help("show"))] = False,
    politeness: Annotated[Path | None, typer.Option(help=_help("ratings"))] = None,
) -> None:
    from app.cli import training

    if write is not None and not training.has_place(write):
        fail(strings.say(_LANGUAGE, "cli.no-place", path=write))
    figures = training.accuracy(cases or [], politeness, typer.echo if show else lambda _: None)
    typer.echo(figures)
    if write is not None:
        training.write(figures, write)


def main() -> None:
    """The entry point of the `tactline` program."""
    app()
