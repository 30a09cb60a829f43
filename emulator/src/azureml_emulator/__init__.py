"""Azure Machine Learning on this machine: an HTTPS service that the unmodified azureml-core SDK talks to."""

__version__ = "0.1.0"
