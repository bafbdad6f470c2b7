"""Which requests and answers may be shared between clients (RFC 9111), narrower than the standard allows."""

import hashlib

from meshop_gateway.cache import Answer, Uncacheable
from meshop_gateway.headers import Headers, response_lines
from meshop_gateway.request import Request
from meshop_gateway.routes import CacheSpec

_PRIVATE = frozenset((b"private", b"no-store", b"no-cache"))
#: Requests for cached answers are sent without these fields, so an answer cannot vary by them.
_NEVER_SENT = frozenset((b"accept", b"accept-encoding", b"accept-language", b"cookie", b"authorization"))
_REPLACED = frozenset((b"content-length", b"age", b"x-cache", b"vary"))
_ALL_GET_THE_SAME = frozenset((200, 404))
_FIXED = (b"accept: application/json, */*;q=0.5\r\n", b"user-agent: meshop-gateway\r\n")


def is_cacheable(request: Request) -> bool:
    """Whether the answer depends on nothing but the path, the query and the host."""
    spec, seen = request.route.cache, request.head.seen
    return (
        spec is not None
        and request.method == "GET"
        and not (
            seen.keys() & {b"authorization", b"range", b"content-length", b"transfer-encoding", b"upgrade"}
        )
        and (b"cookie" not in seen or _only_ignored(seen[b"cookie"], spec))
    )


def _only_ignored(cookies: bytes, spec: CacheSpec) -> bool:
    names = {cookie.partition(b"=")[0].strip() for cookie in cookies.split(b";") if cookie.strip()}
    return all(name.decode("latin-1") in spec.ignored_cookies for name in names)


def cache_key(request: Request) -> bytes:
    """Links in an answer may name the host and the scheme, so both belong to the key."""
    scope = request.scope
    host = request.head.seen.get(b"host", b"").lower()
    return b"%b://%b%b?%b" % (request.scheme, host, scope["raw_path"], scope["query_string"])


def anonymous_lines(request: Request) -> list[bytes]:
    """Header lines of the request that fetches a shared answer: nothing in them is the client's own."""
    head = request.head
    return [*_FIXED, b"traceparent: %b\r\n" % head.traceparent]


def answer_made(spec: CacheSpec, status: int, headers: Headers, body: bytes) -> Answer:
    """An answer that may be shared. Raises :class:`Uncacheable` if it may not."""
    if status >= 500:
        return Answer(status, _with_length(headers, body), body)
    directives, vary = _tokens(headers, b"cache-control"), _tokens(headers, b"vary")
    names = {name for name, _ in headers}
    if (
        status not in _ALL_GET_THE_SAME
        or directives & _PRIVATE
        or vary - _NEVER_SENT
        or names & {b"set-cookie", b"content-encoding", b"content-range"}
    ):
        raise Uncacheable
    if status != 200:
        return Answer(status, _with_length(headers, body), body)
    kept = response_lines(headers, _REPLACED)
    etag = next((value for name, value in kept if name == b"etag"), b"")
    if not etag:
        etag = b'"%b"' % hashlib.sha1(body, usedforsecurity=False).hexdigest()[:24].encode()
        kept.append((b"etag", etag))
    if not directives:
        kept.append(
            (b"cache-control", b"no-cache")
        )  # clients keep it, and ask each time whether it still holds
    kept.append((b"content-length", b"%d" % len(body)))
    return Answer(status, kept, body, spec.ttl_s, etag)


def _with_length(headers: Headers, body: bytes) -> Headers:
    return [*response_lines(headers, frozenset((b"content-length",))), (b"content-length", b"%d" % len(body))]


def _tokens(headers: Headers, name: bytes) -> set[bytes]:
    return {
        token.partition(b"=")[0].strip().lower()
        for field, value in headers
        if field == name
        for token in value.split(b",")
        if token.strip()
    }


def etag_matches(request: Request, answer: Answer) -> bool:
    """Whether the client has this answer already (weak comparison, RFC 9110 section 13.1.2)."""
    given = request.head.seen.get(b"if-none-match")
    if given is None or not answer.etag:
        return False
    known = {tag.strip().removeprefix(b"W/") for tag in given.split(b",")}
    return b"*" in known or answer.etag.removeprefix(b"W/") in known


_NOT_MODIFIED_KEEPS = frozenset(
    (b"etag", b"cache-control", b"date", b"expires", b"last-modified", b"content-location")
)


async def answer_send(request: Request, answer: Answer, outcome: str) -> None:
    """Answer from the cache, with 304 if the client has it already."""
    request.note = outcome
    more = [(b"x-cache", outcome.encode()), (b"age", b"%d" % int(answer.age()))] if answer.ttl_s else []
    if etag_matches(request, answer):
        kept = [pair for pair in answer.headers if pair[0] in _NOT_MODIFIED_KEEPS]
        await request.answer(304, kept + more, b"")
        return
    await request.answer(answer.status, answer.headers + more, answer.body)
