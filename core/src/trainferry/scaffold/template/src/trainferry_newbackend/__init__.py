"""The backend `newbackend` of Trainferry."""
