"""Requests that attack a proxy. Each says what an upstream may see of it: nothing, unless ``passes`` names a target.

Sources: RFC 9112 (11.2 smuggling, 5.2 folding, 6.3 framing), RFC 3986, PortSwigger's "HTTP Desync Attacks" (2019) and
"Browser-Powered Desync Attacks" (2022), CWE-22, CWE-444, CWE-113.
"""

from dataclasses import dataclass

SMUGGLED = b"GET /admin/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True)
class Attack:
    """One attack, and the statuses that are right answers to it."""

    name: str
    raw: bytes
    statuses: tuple[int, ...] = (400,)
    passes: str | None = None


def _post(fields: bytes, body: bytes) -> bytes:
    return b"POST /api/echo HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n" + body


def _get(target: bytes, fields: bytes = b"Host: a\r\n") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + fields + b"\r\n"


_CHUNKED_END = b"0\r\n\r\n"
_SMUGGLING = [
    ("CL.TE", b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", _CHUNKED_END + SMUGGLED),
    (
        "TE.CL",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"5c\r\n" + SMUGGLED + b"\r\n0\r\n\r\n",
    ),
    ("TE.TE duplicate", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", _CHUNKED_END + SMUGGLED),
    (
        "TE.TE identity first",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    (
        "TE.TE chunked twice",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    ("TE xchunked", b"Transfer-Encoding: xchunked\r\n", _CHUNKED_END + SMUGGLED),
    ("TE chunked suffix", b"Transfer-Encoding: chunkedx\r\n", _CHUNKED_END + SMUGGLED),
    ("TE quoted", b'Transfer-Encoding: "chunked"\r\n', _CHUNKED_END + SMUGGLED),
    ("TE with parameter", b"Transfer-Encoding: chunked;q=1\r\n", _CHUNKED_END + SMUGGLED),
    ("TE list gzip", b"Transfer-Encoding: gzip, chunked\r\n", _CHUNKED_END + SMUGGLED),
    ("TE list identity", b"Transfer-Encoding: identity, chunked\r\n", _CHUNKED_END + SMUGGLED),
    ("TE list chunked identity", b"Transfer-Encoding: chunked, identity\r\n", _CHUNKED_END + SMUGGLED),
    ("TE list chunked chunked", b"Transfer-Encoding: chunked, chunked\r\n", _CHUNKED_END + SMUGGLED),
    ("TE identity only", b"Transfer-Encoding: identity\r\n", SMUGGLED),
    ("TE empty", b"Transfer-Encoding: \r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    (
        "TE space before colon",
        b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    (
        "TE tab before colon",
        b"Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    ("TE vertical tab", b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    ("TE form feed", b"Transfer-Encoding: \x0cchunked\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    ("TE NUL", b"Transfer-Encoding: chunked\x00\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    ("TE folded", b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    (
        "TE folded tail",
        b"Transfer-Encoding: chunked\r\n , identity\r\nContent-Length: 5\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    (
        "TE bare LF hidden",
        b"X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    (
        "TE bare CR hidden",
        b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        _CHUNKED_END + SMUGGLED,
    ),
    ("TE leading space", b" Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    ("TE 8-bit name", b"Transfer-Encod\xefng: chunked\r\nContent-Length: 5\r\n", _CHUNKED_END + SMUGGLED),
    ("CL twice different", b"Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED),
    ("CL twice same", b"Content-Length: 2\r\nContent-Length: 2\r\n", b"ab" + SMUGGLED),
    ("CL list", b"Content-Length: 2, 2\r\n", b"ab" + SMUGGLED),
    ("CL list different", b"Content-Length: 0, 44\r\n", SMUGGLED),
    ("CL plus", b"Content-Length: +2\r\n", b"ab" + SMUGGLED),
    ("CL minus", b"Content-Length: -2\r\n", b"ab" + SMUGGLED),
    ("CL hexadecimal", b"Content-Length: 0x2\r\n", b"ab" + SMUGGLED),
    ("CL decimal point", b"Content-Length: 2.0\r\n", b"ab" + SMUGGLED),
    ("CL exponent", b"Content-Length: 2e0\r\n", b"ab" + SMUGGLED),
    ("CL inner space", b"Content-Length: 1 2\r\n", b"ab" + SMUGGLED),
    ("CL empty", b"Content-Length:\r\n", SMUGGLED),
    ("CL word", b"Content-Length: two\r\n", b"ab" + SMUGGLED),
    ("CL overflow", b"Content-Length: 18446744073709551618\r\n", b"ab" + SMUGGLED),
    ("CL quoted", b'Content-Length: "2"\r\n', b"ab" + SMUGGLED),
    ("CL space before colon", b"Content-Length : 2\r\n", b"ab" + SMUGGLED),
    ("CL folded", b"Content-Length:\r\n 2\r\n", b"ab" + SMUGGLED),
    ("CL NUL", b"Content-Length: 2\x00\r\n", b"ab" + SMUGGLED),
    (
        "h2c upgrade with body",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n",
        b"ab" + SMUGGLED,
    ),
    (
        "websocket upgrade by POST",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n",
        b"ab" + SMUGGLED,
    ),
]
_CHUNKS = [
    ("size 0x", b"0x2\r\nab\r\n0\r\n\r\n"),
    ("size plus", b"+2\r\nab\r\n0\r\n\r\n"),
    ("size minus", b"-2\r\nab\r\n0\r\n\r\n"),
    ("size space", b"2 \r\nab\r\n0\r\n\r\n"),
    ("size underscore", b"0_2\r\nab\r\n0\r\n\r\n"),
    ("size empty", b"\r\nab\r\n0\r\n\r\n"),
    ("size overflow", b"fffffffffffffffff2\r\nab\r\n0\r\n\r\n"),
    ("size word", b"zz\r\nab\r\n0\r\n\r\n"),
    ("bare LF after size", b"2\nab\r\n0\r\n\r\n"),
    ("bare CR after size", b"2\rab\r\n0\r\n\r\n"),
    ("bare LF after data", b"2\r\nab\n0\r\n\r\n"),
    ("missing end of data", b"2\r\nab0\r\n\r\n"),
    ("longer than said", b"1\r\nab\r\n0\r\n\r\n"),
    ("bare LF in extension", b"2;a\nb\r\nab\r\n0\r\n\r\n"),
    ("NUL in extension", b"2;a\x00b\r\nab\r\n0\r\n\r\n"),
    ("folded trailer", b"2\r\nab\r\n0\r\nX: a\r\n b\r\n\r\n"),
    ("bad trailer", b"2\r\nab\r\n0\r\nX Y: a\r\n\r\n"),
    ("huge trailer", b"2\r\nab\r\n0\r\nX: " + b"y" * 10_000 + b"\r\n\r\n"),
]
_FIELDS = [
    ("folded field", b"X-A: one\r\n two\r\n"),
    ("folded with tab", b"X-A: one\r\n\ttwo\r\n"),
    ("NUL in value", b"X-A: one\x00two\r\n"),
    ("control character in value", b"X-A: one\x01two\r\n"),
    ("DEL in value", b"X-A: one\x7ftwo\r\n"),
    ("bare CR in value", b"X-A: one\rX-B: two\r\n"),
    ("bare LF in value", b"X-A: one\nX-B: two\r\n"),
    ("space in name", b"X A: one\r\n"),
    ("empty name", b": one\r\n"),
    ("no colon", b"X-A one\r\n"),
    ("8-bit name", b"X-\xc4: one\r\n"),
    ("bracket in name", b"X[A]: one\r\n"),
]
_TARGETS = [
    ("dot segments", b"/api/../admin/"),
    ("dot segments at the end", b"/api/x/.."),
    ("single dot", b"/api/./admin/"),
    ("encoded dots", b"/api/%2e%2e/admin/"),
    ("half encoded dots", b"/api/.%2e/admin/"),
    ("upper case encoding", b"/api/%2E%2E/admin/"),
    ("double encoded dots", b"/api/%252e%252e/admin/"),
    ("double encoded slash", b"/api/%252fadmin/"),
    ("encoded slash", b"/api%2fadmin/"),
    ("encoded slash in segment", b"/api/x%2F..%2Fadmin/"),
    ("encoded backslash", b"/api/..%5cadmin/"),
    ("backslash", b"/api\\admin/"),
    ("backslash dots", b"/api/..\\admin/"),
    ("dots with parameter", b"/api/..;/admin/"),
    ("dots with encoded parameter", b"/api/..%3b/admin/"),
    ("doubled slash", b"/api//admin/"),
    ("leading doubled slash", b"//admin/"),
    ("encoded NUL", b"/api/x%00.jpg"),
    ("double encoded NUL", b"/api/x%2500.jpg"),
    ("encoded CR LF", b"/api/x%0d%0aHost:%20evil"),
    ("encoded LF", b"/api/x%0ay"),
    ("encoded tab", b"/api/x%09y"),
    ("encoded DEL", b"/api/x%7f"),
    ("half percent", b"/api/x%"),
    ("short percent", b"/api/x%4"),
    ("bad percent", b"/api/x%zz"),
    ("unicode percent", b"/api/x%u002e"),
    ("raw NUL", b"/api/x\x00y"),
    ("raw 8-bit", b"/api/x\xc0\xafy"),
    ("raw control", b"/api/x\x01y"),
    ("raw tab", b"/api/x\ty"),
    ("space", b"/api/x y"),
    ("fragment", b"/api/x#y"),
    ("fragment in query", b"/api/x?a#b"),
    ("control in query", b"/api/x?a=\x01"),
    ("8-bit in query", b"/api/x?a=\xff"),
    ("brackets", b"/api/[x]"),
    ("quote", b'/api/"x"'),
    ("angle", b"/api/<x>"),
    ("caret", b"/api/^x"),
    ("absolute form, other host", b"http://evil.test/api/x"),
    ("absolute form, other scheme", b"ftp://a/api/x"),
    ("absolute form with user", b"http://a@evil.test/api/x"),
    ("authority form", b"a:80"),
    ("asterisk form", b"*"),
    ("no slash", b"api/x"),
    ("empty", b""),
]
_HOSTS = [
    ("missing", b""),
    ("empty", b"Host:\r\n"),
    ("twice", b"Host: a\r\nHost: evil.test\r\n"),
    ("twice the same", b"Host: a\r\nHost: a\r\n"),
    ("with path", b"Host: a/evil\r\n"),
    ("with user", b"Host: a@evil.test\r\n"),
    ("with space", b"Host: a evil.test\r\n"),
    ("with comma", b"Host: a, evil.test\r\n"),
    ("bad port", b"Host: a:80x\r\n"),
    ("long port", b"Host: a:808080\r\n"),
    ("with query", b"Host: a?x\r\n"),
    ("with fragment", b"Host: a#x\r\n"),
    ("encoded", b"Host: a%00.test\r\n"),
    ("8-bit", b"Host: \xe4.test\r\n"),
    ("bad address", b"Host: [::1\r\n"),
    ("folded", b"Host:\r\n evil.test\r\n"),
    ("space before colon", b"Host : evil.test\r\n"),
]
_LINES = [
    ("no version", b"GET /api/x\r\nHost: a\r\n\r\n", (400, 505)),
    ("HTTP/0.9", b"GET /api/x HTTP/0.9\r\nHost: a\r\n\r\n", (400, 505)),
    ("HTTP/1.2", b"GET /api/x HTTP/1.2\r\nHost: a\r\n\r\n", (400, 505)),
    ("HTTP/2.0", b"GET /api/x HTTP/2.0\r\nHost: a\r\n\r\n", (400, 505)),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    ("version with space", b"GET /api/x HTTP/ 1.1\r\nHost: a\r\n\r\n", (400,)),
    ("lower case version", b"GET /api/x http/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("other protocol", b"GET /api/x RTSP/1.0\r\nHost: a\r\n\r\n", (400, 405)),
    ("other protocol's method", b"SOURCE /api/x ICE/1.0\r\nHost: a\r\n\r\n", (400, 405)),
    ("lower case method", b"get /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("unknown method", b"SMUGGLE /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("TRACE", b"TRACE /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (405,)),
    ("CONNECT", b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n", (400, 405)),
    ("CONNECT to a path", b"CONNECT /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (400, 405)),
    ("PROPFIND", b"PROPFIND /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (405,)),
    ("leading space", b" GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("two spaces", b"GET  /api/x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("tab separator", b"GET\t/api/x\tHTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    ("bare LF line ends", b"GET /api/x HTTP/1.1\nHost: a\n\n", (400,)),
    ("bare CR line ends", b"GET /api/x HTTP/1.1\rHost: a\r\r", (400,)),
    ("first field folded", b"GET /api/x HTTP/1.1\r\n Host: a\r\n\r\n", (400,)),
    ("TLS on the plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, (400,)),
    ("garbage", b"\x00\xff\xfe\r\n\r\n", (400,)),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", (400,)),
    (
        "chunked in HTTP/1.0",
        b"POST /api/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        (400,),
    ),
    (
        "expectation",
        b"POST /api/x HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nab",
        (417,),
    ),
    (
        "data after close",
        b"GET /api/nothing HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n" + SMUGGLED,
        (400,),
    ),
]
_SIZES = [
    ("long target", _get(b"/api/" + b"x" * 20_000), (414, 431)),
    ("long query", _get(b"/api/x?" + b"y" * 20_000), (414, 431)),
    ("long value", _get(b"/api/x", b"Host: a\r\nX-A: " + b"y" * 100_000 + b"\r\n"), (431,)),
    ("long name", _get(b"/api/x", b"Host: a\r\n" + b"x" * 100_000 + b": y\r\n"), (431,)),
    ("many fields", _get(b"/api/x", b"Host: a\r\n" + b"X-A: y\r\n" * 200), (431,)),
    ("many large fields", _get(b"/api/x", b"Host: a\r\n" + (b"X-A: " + b"y" * 900 + b"\r\n") * 90), (431,)),
    ("head without end", b"GET /api/x HTTP/1.1\r\nHost: a\r\n" + b"X-A: " + b"y" * 2_000_000, (431,)),
    ("cookie bomb", _get(b"/api/x", b"Host: a\r\nCookie: " + b"a=b; " * 20_000 + b"\r\n"), (431,)),
]
_DUPLICATES = [
    ("two Authorization", b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
    ("two Idempotency-Key", b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n"),
    ("two X-Request-Id", b"X-Request-Id: aaaaaaaa\r\nX-Request-Id: bbbbbbbb\r\n"),
]
#: Well-formed, but the paths belong to nobody, or not to this client.
_PRIVATE = [
    ("upstream's metrics", _get(b"/metrics/"), (404,)),
    ("upstream's probes", _get(b"/readyz/"), (404,)),
    ("path without a route", _get(b"/internal/secrets"), (404,)),
    ("route name without its slash", _get(b"/ai/recommendationsx/"), (404,)),
    ("signed-in route without a token", _get(b"/ai/recommendations/v1"), (401,)),
    ("encoded name of a signed-in route", _get(b"/%61i/recommendations/v1"), (401,)),
    ("encoded part of a signed-in route", _get(b"/ai/%72ecommendations/v1"), (401,)),
    (
        "websocket where none is spoken",
        _get(b"/api/orders/", b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
        (426,),
    ),
    (
        "websocket on a page of the gateway",
        _get(b"/healthz", b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
        (200,),
    ),
]

ATTACKS = [
    *(Attack(f"smuggling: {name}", _post(fields, body)) for name, fields, body in _SMUGGLING),
    *(
        Attack(f"chunks: {name}", _post(b"Transfer-Encoding: chunked\r\n", body + SMUGGLED), (400, 431))
        for name, body in _CHUNKS
    ),
    *(Attack(f"field: {name}", _get(b"/api/x", b"Host: a\r\n" + fields)) for name, fields in _FIELDS),
    *(Attack(f"target: {name}", _get(target), (400, 405)) for name, target in _TARGETS),
    *(Attack(f"host: {name}", _get(b"/api/x", fields)) for name, fields in _HOSTS),
    *(Attack(f"line: {name}", raw, statuses) for name, raw, statuses in _LINES),
    *(Attack(f"size: {name}", raw, statuses) for name, raw, statuses in _SIZES),
    *(Attack(f"twice: {name}", _get(b"/api/x", b"Host: a\r\n" + fields)) for name, fields in _DUPLICATES),
    *(Attack(f"private: {name}", raw, statuses) for name, raw, statuses in _PRIVATE),
]
#: What looks like an attack and is not: it must go through, to the one place it means.
HARMLESS = [
    Attack("encoded letters", _get(b"/%61pi/echo"), (200,), "/%61pi/echo"),
    Attack("encoded space", _get(b"/api/a%20b"), (200,), "/api/a%20b"),
    Attack("encoded percent", _get(b"/api/100%25"), (200,), "/api/100%25"),
    Attack("UTF-8", _get(b"/api/caf%C3%A9"), (200,), "/api/caf%C3%A9"),
    Attack("dots in a name", _get(b"/api/a..b/...c"), (200,), "/api/a..b/...c"),
    Attack("dot directory", _get(b"/api/auth/.well-known/x"), (200,), "/api/auth/.well-known/x"),
    Attack("dots in the query", _get(b"/api/x?p=../../etc"), (200,), "/api/x?p=../../etc"),
    Attack("slashes in the query", _get(b"/api/x?u=http://b//c"), (200,), "/api/x?u=http://b//c"),
    Attack("brackets in the query", _get(b"/api/x?a[]=1"), (200,), "/api/x?a[]=1"),
    Attack("empty value", _get(b"/api/x", b"Host: a\r\nX-A:\r\n"), (200,), "/api/x"),
    Attack("Host with port", _get(b"/api/x", b"Host: a:8000\r\n"), (200,), "/api/x"),
    Attack("IPv6 Host", _get(b"/api/x", b"Host: [::1]:8000\r\n"), (200,), "/api/x"),
    Attack("UTF-8 in a value", _get(b"/api/x", b"Host: a\r\nX-A: caf\xc3\xa9\r\n"), (200,), "/api/x"),
    Attack("empty lines first", b"\r\n\r\n" + _get(b"/api/x"), (200,), "/api/x"),
    Attack(
        "h2c offer",
        _get(
            b"/api/x",
            b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
        ),
        (200,),
        "/api/x",
    ),
    Attack(
        "upper case coding",
        _post(b"Transfer-Encoding: CHUNKED\r\n", b"2\r\nab\r\n0\r\n\r\n"),
        (200,),
        "/api/echo",
    ),
]
