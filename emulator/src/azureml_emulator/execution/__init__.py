"""Execution: takes what the SDK submits, hands it to the engine, and tells run history what becomes of it."""
