"""From typed text to an order."""
