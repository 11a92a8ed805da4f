"""Plays S3-compatible storage for the samples that copy backups: one bucket in memory.

Checks who sends a request, but not its signature. Arguments: the port, and the bucket's name.
"""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "YOUR-ACCESS-KEY"
MODIFIED = "2026-01-01T00:00:00.000Z"


class Bucket(BaseHTTPRequestHandler):
    """Handles requests for one bucket, with paths like `/bucket/key`."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    name = ""

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if key := self._key():
            self.objects[key] = content
            self._send(200, b"", ETag=_etag(content))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        key = self._key()
        if key == "":
            self._send(200, self._listing().encode())
        elif key in self.objects:
            content = self.objects[key]
            modified = "Thu, 01 Jan 2026 00:00:00 GMT"
            self._send(200, content, **{"ETag": _etag(content), "Last-Modified": modified})
        elif key:
            self._error(404, "NoSuchKey")

    def _key(self) -> str | None:
        """The key of the object, or an empty one for the bucket. Otherwise responds with an error."""
        url = urlsplit(self.path)
        credential = f"{self.headers.get('Authorization', '')}{unquote(url.query)}"
        if f"Credential={ACCESS_KEY}/" not in credential:
            self._error(403, "AccessDenied")
            return None
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        if bucket != self.name:
            self._error(404, "NoSuchBucket")
            return None
        return key

    def _listing(self) -> str:
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<ETag>{escape(_etag(content))}</ETag><Size>{len(content)}</Size></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return (
            f"<ListBucketResult><Name>{self.name}</Name><IsTruncated>false</IsTruncated>"
            f"{contents}</ListBucketResult>"
        )

    def _error(self, status: int, code: str) -> None:
        self._send(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


if __name__ == "__main__":
    Bucket.name = sys.argv[2]
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bucket)
    print("ready", flush=True)
    server.serve_forever()
