"""The recipe of the bundled model, from photographs with labels to its weights and figures."""
