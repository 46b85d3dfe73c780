"""A phone network in a box: speaks the voice provider's own protocol over HTTP, for demos and tests."""
