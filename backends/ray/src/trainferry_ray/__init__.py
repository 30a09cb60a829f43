"""The Ray backend of Trainferry: runs a job on a Ray cluster, one that is there or one that it starts by itself."""
