"""`tactline settings`: what is in force, or the table of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.settings import Settings, load

BEGIN = "<!-- settings: tactline settings --write README.md -->"
END = "<!-- end of settings -->"


def name_of(field: str) -> str:
    return f"TACTLINE_{field.upper()}"


def table() -> str:
    """All settings as a table in Markdown: variable, default, meaning."""
    rows = [f"| `{name_of(name)}` | {_default(field)} | {_meaning(field)} |" for name, field in _fields()]
    return "\n".join(("| Variable | Default | Meaning |", "| --- | --- | --- |", *rows))


def write(path: Path) -> None:
    """Put the table between its two marks. Raises ValueError where they are not, OSError."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("no marks")
    path.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


def in_force() -> Iterator[tuple[str, str]]:
    """Each setting's variable and its value; of a secret, whether there is one. Raises SettingsError."""
    settings = load()
    for name, _ in _fields():
        yield name_of(name), _shown(getattr(settings, name))


def _fields() -> list[tuple[str, FieldInfo]]:
    return list(Settings.model_fields.items())


def _default(field: FieldInfo) -> str:
    value = field.default
    unset = value in ((), None, "") or (isinstance(value, SecretStr) and not value.get_secret_value())
    return "none" if unset else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    many = " Commas between them." if isinstance(field.default, tuple) else ""
    return (field.description or "").replace("|", "\\|") + many


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        secret = any(isinstance(item, SecretStr) for item in value)
        return f"{len(value)} set" if secret else ",".join(map(str, value))
    return "" if value is None else str(value)
