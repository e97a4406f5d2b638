"""The window. Talks to the engine alone; never imports torch."""
