"""What can go wrong on the way to a server, in words and as the reason of a gap."""

from __future__ import annotations

import http
import socket
import ssl

import httpx2

from openassay.errors import ReadError

_BY_STATUS = {
    401: ("unauthorized", "it asks for a login, or there is no such thing"),
    403: ("forbidden", "access is not granted"),
    404: ("not_found", "there is no such thing"),
    407: ("proxy_refused", "the proxy asks for a login"),
    410: ("gone", "it was taken away"),
    416: ("wrong_content", "the range that was asked for is not there"),
    429: ("too_many_requests", "the server asks to come back later"),
    451: ("forbidden", "it is withheld for legal reasons"),
}
#: Reasons that say what a server holds, not how it feels: asking again gives the same answer.
SETTLED = frozenset(("unauthorized", "forbidden", "not_found", "gone", "gated", "disabled"))


class FetchError(ReadError):
    """Something could not be fetched. ``status`` is the server's, when it answered at all."""

    def __init__(self, message: str, *, reason: str, status: int | None = None, hint: str = ""):
        super().__init__(message, reason=reason, hint=hint or _HINTS.get(reason, ""))
        self.status = status


_HINTS = {
    "dns_failure": "Check the name and your network, or use --offline.",
    "connection_refused": "Check the address and the port; the server may be down.",
    "timed_out": "Try again later.",
    "tls_error": "Check the clock and the certificates of this machine.",
    "unauthorized": "Check the name; if it is private or gated, log in: `hf auth login`, HF_TOKEN"
    " or GITHUB_TOKEN.",
    "gated": "Ask for access on its page, then set HF_TOKEN.",
    "forbidden": "Ask for access on its page, then set HF_TOKEN or GITHUB_TOKEN.",
    "not_found": "Check the spelling; a name on a hub reads owner/name.",
    "too_many_requests": "Wait, or log in: servers allow more to those they know.",
    "server_error": "Try again later.",
    "offline": "Run it once without --offline; what was fetched then is kept.",
    "refused_address": "Download it yourself, and name the folder, if you trust it.",
}


def of_status(status: int, url: str) -> FetchError:
    """The error for an answer of 400 and above."""
    reason, words = _BY_STATUS.get(status, ("", ""))
    if not reason:
        reason = "server_error" if status >= 500 else "refused"
        words = "the server failed" if status >= 500 else "the server refused"
    try:
        title = http.HTTPStatus(status).phrase
    except ValueError:
        title = "unknown status"
    return FetchError(f"{url}: {status} {title}: {words}", reason=reason, status=status)


def of_failure(error: httpx2.HTTPError | httpx2.InvalidURL | UnicodeError, url: str) -> FetchError:
    """The error for a request that had no whole answer."""
    if isinstance(error, UnicodeError):  # a label of the host that is empty, or longer than 63
        return FetchError(f"{url}: no host can have this name", reason="dns_failure")
    if isinstance(error, httpx2.TimeoutException):
        return FetchError(f"{url}: no answer in time", reason="timed_out")
    if isinstance(error, httpx2.TooManyRedirects):
        return FetchError(f"{url}: redirected too many times", reason="too_many_redirects")
    if isinstance(error, httpx2.RemoteProtocolError):
        return FetchError(f"{url}: broken answer ({error})", reason="broken_answer")
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return FetchError(f"{url}: not an address of the web", reason="refused_address")
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return FetchError(f"{url}: the name of the host is not known", reason="dns_failure")
    if any(isinstance(cause, ssl.SSLError) for cause in causes) or "CERTIFICATE" in str(error):
        return FetchError(f"{url}: no safe connection ({error})", reason="tls_error")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return FetchError(f"{url}: nothing answers there", reason="connection_refused")
    return FetchError(f"{url}: the connection broke ({error})", reason="connection_broken")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < 10:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found
