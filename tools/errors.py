"""The one exception of the developer tools."""


class ToolError(Exception):
    """Something the person at the keyboard can mend. Its text is one clear sentence, printed without a traceback."""
