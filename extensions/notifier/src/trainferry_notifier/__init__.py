"""An extension of Trainferry: a command or a web address is told when a run ends."""
