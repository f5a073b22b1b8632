"""Generated code in use: import it, write, read, train."""
