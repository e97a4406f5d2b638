"""Teaching an attribute by pairs: what to ask, what to learn of the answers, and what is kept."""
