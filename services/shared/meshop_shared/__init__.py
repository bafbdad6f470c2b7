"""Library shared by every Meshop service. It is imported, never run, and imports no service."""
