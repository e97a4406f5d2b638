"""A study: many methods of ordering, fitted to the same labels on one frozen backbone, in one table."""
