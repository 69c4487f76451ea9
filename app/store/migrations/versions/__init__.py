"""One step of the tables each, by number."""
