"""What a program is told at addresses that lie beside the API's own."""

from fastapi.responses import Response

from pipeline.api.open311_words import Open311Error, write_error
from pipeline.api.problems import ProblemError, respond


def not_here(path: str, status: int, said: str) -> Response | None:
    """Return an error as a program reads it; None for a page of the console."""
    if path.startswith("/api/"):
        return respond(ProblemError(status, "not_found" if status == 404 else "http_error", said))
    if path.startswith("/open311/"):
        form = "xml" if path.endswith(".xml") else "json"
        return write_error(form, Open311Error(status, said))
    return None
