"""The fake Office.js has the members that the vendor's types say, and no others."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.node import MODULES, type_errors
from tests.outlook.office import PARTS

pytestmark = pytest.mark.npm


def copied(folder: Path, old: str = "", new: str = "") -> list[str]:
    """The fake's scripts in a folder, with a change made once in one of them."""
    for name in PARTS:
        shutil.copy(Path(__file__).parent / name, folder / name)
    holding = [name for name in PARTS if old and old in (folder / name).read_text(encoding="utf-8")]
    assert len(holding) == bool(old), (old, holding)
    for name in holding:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return type_errors(
        folder, PARTS, types=["office-js"], target="ES2023", lib=["ES2023", "DOM", "DOM.Iterable"]
    )


def test_the_fake_is_of_the_vendors_types(tmp_path: Path) -> None:
    assert copied(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('getAsync: method("body.getAsync"', 'getAsnc: method("body.getAsync"'),
        ("=> /** @type {Office.CoercionType} */ (mail.type)", "=> 7"),
        ("    normalizedSubject: mail", "    normalSubject: mail"),
        ("itemId: mail.itemId ??", "itemIdentity: mail.itemId ??"),
        ('    saveAsync: method("saveAsync"', '    safeAsync: method("saveAsync"'),
        (
            "        mail.subject = subject;\n      }),",
            "        mail.subject = subject;\n      }),\n      more: 1,",
        ),
        ("=> mail.subject),\n      setAsync", "=> 7),\n      setAsync"),
        ('Reply: "reply"', 'Reply: "answer"'),
        ('Html: "html"', 'Html: "HTML"'),
        ("HostConfig: 1 }", "HostConfiguration: 1 }"),
        ('ItemChanged: "olk', 'ItemChange: "olk'),
        ("isDarkTheme: state.dark,", "darkTheme: state.dark,"),
        ("    roamingSettings,\n", "    roamingSetting: roamingSettings,\n"),
        ("timeZone: state.timeZone,", "zone: state.timeZone,"),
        ("    associate: (", "    assign: ("),
        ("  onReady: async", "  onRedy: async"),
    ],
)
def test_a_member_that_office_does_not_have_fails(tmp_path: Path, old: str, new: str) -> None:
    assert copied(tmp_path, old, new) != []


def test_members_come_with_the_set_that_the_vendor_says() -> None:
    ours = (Path(__file__).parent / "fake_office.js").read_text(encoding="utf-8")
    table = re.search(r"const SETS = \{(.*?)\};", ours, re.DOTALL)
    assert table is not None
    said = {name: int(number) for name, number in re.findall(r"(\w+): (\d+)", table[1])}
    types = (MODULES / "@types" / "office-js" / "index.d.ts").read_text(encoding="utf-8")
    start = types.index("    interface MessageCompose extends")
    messages = types[start : types.index("    interface NotificationMessageAction ", start)]
    assert len(said) == 10
    for name, number in said.items():
        comments = re.findall(rf"/\*\*((?:(?!\*/).)*?)\*/\s*{name}[(:]", messages, re.DOTALL)
        assert comments, name
        for comment in comments:
            assert set(re.findall(r"Api set: Mailbox 1\.(\d+)", comment)) <= {str(number)}, name
        assert any(f"Mailbox 1.{number}]" in comment for comment in comments), name
