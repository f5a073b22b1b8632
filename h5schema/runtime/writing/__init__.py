"""How a file is made: whole blocks in one transaction, through a journal, complete or not there.

`transaction` begins, puts, commits and publishes; `datasets` lays rows where they belong; `journal` keeps what was
committed whole whatever happens; `recorder` is the engine behind a writer used by hand.
"""
