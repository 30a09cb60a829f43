"""Our tokens as azureml-core's own authentication, so that there is one login whoever makes a request."""

from collections.abc import Callable
from typing import Any

from azureml.core.authentication import TokenAuthentication


class FerryAuthentication(TokenAuthentication):  # type: ignore[misc]  # azureml-core has no types
    """Gives the SDK our tokens. It can't prompt: the SDK falls back to a login of its own only without authentication.

    The SDK asks for the list of subscriptions again for every client that it makes, 16 times in one flow; the answer is
    kept here.
    """

    def __init__(self, token: Callable[[str], str], cloud: str) -> None:
        super().__init__(token, cloud=cloud)
        self._subscriptions: Any = None

    def _get_all_subscription_ids(self) -> Any:
        if self._subscriptions is None:
            self._subscriptions = super()._get_all_subscription_ids()
        return self._subscriptions

    def _get_azureml_client_token(self) -> str:
        token: str = self._get_arm_token()
        return token
