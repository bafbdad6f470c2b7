"""Keys of Redis."""

#: What waits to be written down.
STREAM = "activity"
#: Products that a visitor looked at last, latest first: there at once, for the next question about that visitor.
RECENT = "activity:recent"
