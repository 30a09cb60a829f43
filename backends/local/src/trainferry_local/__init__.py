"""The local backend of Trainferry: runs a job on this machine, detached from the client, isolated and recorded."""
