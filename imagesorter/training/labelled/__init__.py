"""Training an adapter, or a head, on a CSV of labels of the user's own."""
