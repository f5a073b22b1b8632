"""The examples for each kind of user, run as their users would."""
