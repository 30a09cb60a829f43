"""The emulator's own endpoint: health, faults, and what clients asked. Not part of Azure."""
