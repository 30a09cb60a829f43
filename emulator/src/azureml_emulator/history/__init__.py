"""Run history: experiments, runs, their states, tags and events."""
