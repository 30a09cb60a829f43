"""Every test of the kit: a test module that imports all of this runs them, and those of later releases too.

from trainferry.testing.suite import *
"""

from trainferry.testing.promises.arguments import *  # noqa: F403
from trainferry.testing.promises.canceling import *  # noqa: F403
from trainferry.testing.promises.datasets import *  # noqa: F403
from trainferry.testing.promises.failing import *  # noqa: F403
from trainferry.testing.promises.files import *  # noqa: F403
from trainferry.testing.promises.interface import *  # noqa: F403
from trainferry.testing.promises.lifetime import *  # noqa: F403
from trainferry.testing.promises.logs import *  # noqa: F403
from trainferry.testing.promises.optional import *  # noqa: F403
from trainferry.testing.promises.planning import *  # noqa: F403
from trainferry.testing.promises.secret import *  # noqa: F403
from trainferry.testing.promises.submitting import *  # noqa: F403
