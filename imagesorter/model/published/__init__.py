"""The paper's own architecture, and the import of its authors' checkpoints."""
