"""Learning: the bundled model, attributes taught by pairs, the user's own labels, a study of methods."""
