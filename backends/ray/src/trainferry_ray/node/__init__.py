"""What runs on the cluster's nodes; it travels there with each job, so that nothing of Trainferry is installed there.

Modules of this package import the standard library only, and each other; `spread` alone imports Ray, whose own
interpreter runs it. The client imports them too where it sees the same disk. They keep to what Python
3.9 has, for clusters are older than clients.
"""
