"""Names and facts that every layer shares. Standard library only."""
