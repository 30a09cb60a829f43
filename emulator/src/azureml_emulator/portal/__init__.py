"""What a browser gets that follows the addresses that the SDK prints: a page of text, in place of the studio."""
