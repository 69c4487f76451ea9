"""Every mail of the corpus as a draft in the fake Outlook: one change, all at once, both taken back, and a
draft that was changed meanwhile. What is compared is what Outlook holds, not what the pane believes."""

from __future__ import annotations

import pytest

from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import composing
from tests.outlook.test_body import FORGOTTEN, HTML, Mail

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

SETUP = """async () => {
  const [{ DraftHost }, { Body, same }] = await Promise.all(
    ["draft", "body"].map((name) => import(`/outlook/static/${name}.js`)));
  const { rewritten } = await import("/static/rewrites.js");
  const held = () => fakeOffice.state.mail.content;
  globalThis.faultsOf = async (flavour) => {
    const faults = [];
    // An editor gives back what it was given in its own way from the beginning, not since our first change.
    const stored = (html) => fakeOffice.rewritten(html, flavour);
    fakeOffice.state.mail.content = stored(held());
    const check = (right, what) => right || faults.push(what);
    const item = Office.context.mailbox.item;
    const host = new DraftHost({ item, open: () => item === Office.context.mailbox.item, layer: null });
    await host.load();
    const [before, text] = [held(), host.text()];
    const exact = flavour === "identity";
    const like = (one, other) => one === stored(other) || (!exact && same(one, other, "html"));
    const words = [...text.matchAll(/\\p{L}{3,}/gu)].map((match) => ({
      start: match.index, end: match.index + match[0].length, words: `new ${match[0]}s`,
    }));
    const back = (made) => {
      let moved = 0;
      return made.map(({ start, end, words }) => {
        const at = start + moved;
        moved += words.length - (end - start);
        return { start: at, end: at + words.length, words: text.slice(start, end) };
      });
    };
    const some = [words.slice(Math.floor(words.length / 2)).slice(0, 1), words.filter((_, n) => n % 3 === 0)];
    for (const made of some) {
      if (made.length === 0) continue;
      const wanted = new Body(before, "html").rewritten(made);
      check(await host.write(made, text), "refused");
      check(like(held(), wanted), "another body than wanted");
      check(host.text() === rewritten(text, made), "another text than wanted");
      check(!same(held(), before, "html"), "nothing was written");
      check(await host.write(back(made), host.text()), "not taken back");
      check(like(held(), before), "another body than before");
      check(host.text() === text, "another text than before");
    }
    // Somebody writes on, and the pane has not seen it yet.
    fakeOffice.state.mail.content = `<div>Wait.</div>${before}`;
    if (words.length > 0) check(!(await host.write(some[0], text)), "a stale draft was written over");
    check(held() === `<div>Wait.</div>${before}`, "what was written meanwhile is lost");
    check(fakeOffice.harm.threads === 0, "a whole thread was replaced");
    return faults;
  };
}"""
FLAVOURS = ("identity", "web", "classic", "wrapping")


def told(mail: Mail, flavour: str) -> bool:
    """Whether the fake keeps what tells the parts of this mail apart."""
    return (mail.name, flavour) not in FORGOTTEN


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_mail_survives(open_pane: OpenOutlook, flavour: str) -> None:
    assert len(HTML) >= 40
    # The fake parses HTML in the page, which the policy complains of; the pane does not.
    outlook = open_pane(
        None, pinned=False, flavour=flavour, late="answer", complaints=("Applying inline style violates",)
    )
    outlook.pane.locator("#notice h2").wait_for()
    outlook.pane.evaluate(SETUP)
    found = {}
    for mail in HTML:
        if told(mail, flavour):
            outlook.select_item(composing(mail.content))
            faults = outlook.pane.evaluate("(flavour) => faultsOf(flavour)", flavour)
            if faults:
                found[mail.name] = faults
    assert found == {}
