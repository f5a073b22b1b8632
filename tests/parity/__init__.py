"""What the tools that h5schema replaces can do: each line of the list, as a user would try it."""
