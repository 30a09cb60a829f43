"""An extension of interface version 1: its own findings, a listener, and a wrapper around a backend's hook."""

from trainferry.hookspecs import hookimpl
from trainferry.specs import Finding, Severity


class Extension:
    interface_version = 1

    def __init__(self):
        self.heard = []

    @hookimpl
    def check(self, job):
        yield Finding(id="frozen-extension", severity=Severity.WARNING, message=f"about {job.name}", remedy="none")

    @hookimpl
    def run_changed(self, run, new):
        self.heard.append(f"{run.id} is {new}")

    @hookimpl(wrapper=True)
    def price(self):
        price = yield
        return price.model_copy(update={"per_hour": price.per_hour * 2})
