"""From what engines give, piece by piece, to recordings: in memory or in a file.

A recorder becomes a `Collector`, which turns each piece of a run into rows of named columns and
keeps a few arrays up to date. A `Store` holds the columns. From columns and arrays alone comes the
value that a user sees, so a result in memory, one that is streamed and one that is read back are
the same objects.
"""
