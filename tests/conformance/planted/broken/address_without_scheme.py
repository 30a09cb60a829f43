"""The page of a run is no address that a browser could open."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl

CAUGHT_BY = "test_the_page_of_a_run_is_an_address"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def portal_url(self, ref: str) -> str:
        """Give half an address."""
        return f"mill.example/runs/{ref}"
