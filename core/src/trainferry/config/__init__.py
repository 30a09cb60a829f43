"""Settings: one module per source, and the layering. The last source that names a key wins.

defaults < user file < project file < profile < environment variables < flags
"""

from trainferry.config.layers import Config, Layer, Value, load_config

__all__ = ["Config", "Layer", "Value", "load_config"]
