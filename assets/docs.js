// Comfort for the documentation.
