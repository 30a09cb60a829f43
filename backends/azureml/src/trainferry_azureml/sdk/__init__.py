"""The only place that imports azureml-core. Nothing imports this before an act needs the SDK: it costs seconds."""
