"""A Ray cluster of its own on this machine: started when it is needed, closed to others, and gone without a trace."""
