"""The HTTPS service: one process, one port, every service of Azure ML behind it."""
