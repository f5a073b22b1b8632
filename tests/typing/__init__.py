"""What type checkers say of generated code and of its use."""
