"""Standard extractors: sources to arrays; each imports its own library when it is called."""
