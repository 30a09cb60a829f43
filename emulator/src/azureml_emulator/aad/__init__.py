"""Azure Active Directory and the cloud's metadata, as far as signing in needs them."""
