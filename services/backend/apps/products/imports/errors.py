"""Why an import stops. Each message is one sentence for the person at the terminal."""

from meshop_shared.errors import MeshopError


class ImportFailed(MeshopError):
    """The run cannot go on; what was committed before stays."""

    code = "import_failed"
    message = "The import failed."


class SourceUnusable(ImportFailed):
    """The file is missing, damaged or in no format we know."""

    code = "import_source_unusable"


class Unusable(Exception):  # not for clients: the loader turns it into a Rejection
    """One line cannot be imported, for a stable ``reason``; ``detail`` shows the value at fault."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)
