"""The Azure ML backend of Trainferry: runs a job on an Azure Machine Learning cluster."""
