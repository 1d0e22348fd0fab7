"""Results kept in SQLite, listed and exported, and sent on."""
