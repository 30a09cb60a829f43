"""A browser for tests, to be named in BROWSER: opens the address, and sends the form that the page sends by itself."""

import sys
from html.parser import HTMLParser

import requests


class Form(HTMLParser):
    """The one form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.target = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep where the form goes, and what it holds."""
        given = dict(attrs)
        if tag == "form":
            self.target = given.get("action") or ""
        elif tag == "input":
            self.fields[given.get("name") or ""] = given.get("value") or ""


page = requests.get(sys.argv[1], timeout=30)
page.raise_for_status()
form = Form()
form.feed(page.text)
requests.post(form.target, data=form.fields, timeout=30).raise_for_status()
