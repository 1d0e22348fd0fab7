"""What this machine can do, and what a page costs on it."""
