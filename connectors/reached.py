"""Whether a request that failed was ever on its way."""

import aiohttp

from connectors.base import SourceError, UnreachableError
from connectors.http import Answer, Http, Request
from connectors.notices import NotSentError


def never_connected(error: BaseException) -> bool:
    """Tell whether an error of HttpClient came before there was any connection to send on."""
    # Its own errors are raised without a cause, for the causes' words hold addresses; what they
    # replaced is kept all the same.
    inner = error.__context__
    return isinstance(inner, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


async def post_once(http: Http, request: Request) -> Answer:
    """Send a request that may not be repeated blindly.

    Raises NotSentError where nothing was sent, UnreachableError where nobody knows.
    """
    try:
        return await http.send(request)
    except UnreachableError as error:
        if never_connected(error):
            raise NotSentError(str(error)) from None
        raise
    except SourceError as error:
        # An address that may not be asked, or a certificate that cannot be trusted; an answer
        # that is too large comes after the deed.
        if type(error) is SourceError:
            raise NotSentError(str(error)) from None
        raise UnreachableError(str(error)) from None
