"""The content of a page from any engine: parsing, text, locating, forms, addresses, encodings.  Pure."""
