"""Files on disk: finding, reading and picturing them. Knows no model and no window."""
