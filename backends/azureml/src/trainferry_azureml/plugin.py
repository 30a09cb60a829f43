"""The Azure ML backend as a plugin: each hook hands over to the module that does the work; importing it is light."""

from typing import TYPE_CHECKING

from trainferry.hookspecs import hookimpl

if TYPE_CHECKING:
    from trainferry.site import Site
    from trainferry_azureml.settings import AzureMLSettings


class AzureMLBackend:
    """Runs jobs on an Azure Machine Learning cluster, with the data mounted from the workspace's storage."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[AzureMLSettings]":
        """The settings `[backends.azureml]`."""
        from trainferry_azureml.settings import AzureMLSettings

        return AzureMLSettings

    @hookimpl
    def configure(self, settings: "AzureMLSettings", site: "Site") -> bool:
        """Take settings and folders; nothing is made, and nobody is asked, yet."""
        self._settings = settings
        self._site = site
        return True
