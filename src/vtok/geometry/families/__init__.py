"""One file a rule: size to layout."""
