"""A loopback server that speaks Earth Engine's REST protocol to the real client.

`python -m tests.extract.earthengine_server FOLDER` prints its port and serves the
images of the folder (see `earthengine_assets`) until its standard input ends. Faults
are ordered by POST /control (see `earthengine_faults.Weather`); that empties the
counts of GET /stats. Its pixels are real; how the service masks, resamples and words
its errors it only imitates.
"""

import gzip
import json
import os
import socket
import sys
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.extract.earthengine_assets import Store
from tests.extract.earthengine_faults import Arrivals, ServiceError, Weather
from tests.extract.earthengine_routes import JSON, Routes

STATUS = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
KINDS = (":getPixels", ":computePixels", ":listAssets", "/algorithms", ":compute")
QUOTA = ("x-earth-engine-quota-status", "parallelism_restricted=true")
TRICKLE_S = 0.1
ZIP_FROM = 100_000


class Server(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        root = f"http://127.0.0.1:{self.server_address[1]}"
        self.routes = Routes(Store(folder), root)
        self.weather, self.arrivals = Weather(), Arrivals()


class Handler(BaseHTTPRequestHandler):
    """One request after the other of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.arrivals.connect()

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def log_message(self, *_: Any) -> None:
        pass

    def _handle(self, body: bytes) -> None:
        url = urlsplit(self.path)
        path, query = unquote(url.path), url.query
        # The client sends what would be a long address as the body of a POST.
        if self.headers.get("X-HTTP-Method-Override") == "GET":
            query = body.decode()
        if path in ("/stats", "/control"):
            self._send(200, self._steer(path, body), JSON)
            return
        kind = next((one for one in KINDS if path.endswith(one)), path.split("?")[0])
        kind = kind.lstrip(":/").split("/")[0]
        server, key = self.server, path.encode() + body
        arrivals = server.arrivals
        flying, recent, times, number = arrivals.arrive(kind, key)
        arrivals.last = self._seen(path, query, body)
        outcome, sent = "dropped", 0
        try:
            fault = server.weather.fault(path, body, times, number)
            time.sleep(server.weather.latency_s)
            try:
                self._check(kind, path, flying, recent)
                self._meet(fault)
                content, type_ = server.routes.answer(path, query, body)
                code = 200
            except ServiceError as error:
                code, type_ = error.code, JSON
                content = json.dumps({"error": _told(error)}).encode()
            outcome = str(code) if fault not in ("truncate", "trickle") else str(fault)
            sent = self._send(code, content, type_, fault)
        except ConnectionError:
            self.close_connection = True
        finally:
            arrivals.leave(kind, key, outcome, sent)

    def _steer(self, path: str, body: bytes) -> bytes:
        if path == "/stats":
            # A client has its answer a moment before that is counted.
            self.server.arrivals.settle()
            return json.dumps(self.server.arrivals.stats()).encode()
        self.server.weather = Weather(**json.loads(body))
        self.server.arrivals = Arrivals()
        return b"{}"

    def _check(self, kind: str, path: str, flying: int, recent: int) -> None:
        weather = self.server.weather
        if weather.token_refused and path == "/token":
            # Not in the service's form: OAuth has one of its own.
            raise ServiceError(400, "invalid_grant", "oauth")
        if kind.endswith("Pixels"):
            many = flying > (weather.max_in_flight or flying)
            if many or recent > (weather.max_per_second or recent):
                raise ServiceError(429, "Too Many Requests: quota exceeded.")
        told = self.headers.get("Authorization", "")
        valid = f"Bearer token-{self.server.routes.tokens}"
        if weather.needs_token and path.startswith("/v1/") and told != valid:
            raise ServiceError(401, "Invalid Credentials", "UNAUTHENTICATED")

    def _seen(self, path: str, query: str, body: bytes) -> dict[str, Any]:
        told = {name.lower(): value for name, value in self.headers.items()}
        told.pop("authorization", None)
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        sent = json.loads(body) if told.get("content-type") == JSON and body else None
        return {"path": path, "query": given, "headers": told, "body": sent}

    def _meet(self, fault: Any) -> None:
        if fault == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError
        if fault == "slow":
            time.sleep(self.server.weather.slow_s)
        if isinstance(fault, dict):
            raise ServiceError(fault["status"], fault["message"])
        if isinstance(fault, str) and fault.isdigit():
            raise ServiceError(int(fault), f"fault {fault} was ordered")

    def _send(self, code: int, content: bytes, type_: str, fault: Any = None) -> int:
        if fault == "truncate":
            content = content[: len(content) // 2]
        self.send_response(code)
        self.send_header("Content-Type", type_)
        zipped = type_ == JSON and "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped and len(content) > ZIP_FROM:
            content = _zipped(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        if self.server.weather.restricted:
            self.send_header(*QUOTA)
        if code >= 400 and self.server.weather.retry_after:
            self.send_header("Retry-After", self.server.weather.retry_after)
        self.end_headers()
        if fault == "break":
            content = content[: len(content) // 2]
            self.close_connection = True
        if fault == "trickle":
            for byte in content[:-1]:
                self.wfile.write(bytes([byte]))
                time.sleep(TRICKLE_S)
            content = content[-1:]
        self.wfile.write(content)
        return len(content)


@lru_cache(maxsize=4)
def _zipped(content: bytes) -> bytes:
    return gzip.compress(content, 1)


def _told(error: ServiceError) -> Any:
    if error.status == "oauth":
        return error.message
    status = error.status or STATUS.get(error.code, "INVALID_ARGUMENT")
    return {"code": error.code, "message": error.message, "status": status}


def main() -> None:
    server = Server(Path(sys.argv[1]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    # The parent is gone or has closed the pipe.
    os._exit(0)


if __name__ == "__main__":
    main()
