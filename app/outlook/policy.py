"""What Outlook's pages may load, and who may show them in a frame (Content Security Policy, W3C).

No page of Microsoft's lists what Office.js needs (office-js issue 1005 asks for one). It is loaded from
`appsforoffice.microsoft.com` and loads parts of itself from there, and `MicrosoftAjax.js` from
`ajax.aspnetcdn.com`. Neither inline scripts nor `eval` are allowed; nor is its telemetry, without which it
works, or an inline style (issue 1687: the refusal is told in the console alone).
"""

from __future__ import annotations

from collections.abc import Iterable

from app.auth.entra import LOGIN

OFFICE = "https://appsforoffice.microsoft.com"
_AJAX = "https://ajax.aspnetcdn.com"
OUTLOOK = (
    "https://outlook.office.com",
    "https://outlook.office365.com",
    "https://outlook.live.com",
    "https://outlook.cloud.microsoft",
    "https://*.officeapps.live.com",
    "https://outlook.office365.us",
    "https://outlook-dod.office365.us",
    "https://webmail.apps.mil",
    "https://partner.outlook.cn",
)
"""Where Outlook on the web, and the new Outlook that is made of it, show panes."""


def page(ancestors: Iterable[str] = ()) -> dict[str, str]:
    """The headers of a page that Outlook shows; `ancestors` are more origins that may."""
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' {OFFICE} {_AJAX}",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        # Sign-in goes through Outlook; without its broker the library asks Entra itself.
        "connect-src": f"'self' {OFFICE} {LOGIN}",
        "frame-src": LOGIN,
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(("'self'", *OUTLOOK, *ancestors)),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        # A window that asks the user to sign in has to be able to answer.
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Cache-Control": "no-cache",
    }


SHARED = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache"}
"""The headers of what Outlook itself fetches, from an origin of its own."""
