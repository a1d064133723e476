"""Files over HTTP with ranges, counted, and with faults on demand.

`python -m tests.extract.range_server FOLDER [--latency S]` prints its port and ends
with its parent. GET and HEAD /files/...; GET /stats: per file the requests
[method, first byte, last byte, status]; POST /faults: {file: fault}, which also
forgets the stats. A fault is an object of
    status      answered in place of the file
    retry_after the header's value beside it
    signature   status 403 until the query holds this text
    truncate    that many bytes of each body, then the connection is cut
    silent_s    seconds without an answer
    from_byte   ranges that begin before it are served
    times       only so many requests suffer
"""

import argparse
import email.utils
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
START_S = 30


@dataclass
class State:
    """What the server serves, and what it was asked."""

    folder: Path
    latency_s: float = 0.0
    asked: dict[str, list[tuple[str, int, int, int]]] = field(default_factory=dict)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/stats":
            with self.state.lock:
                self.answer_json(self.state.asked)
        elif url.path.startswith("/files/"):
            self.serve(unquote(url.path.removeprefix("/files/")), url.query)
        else:
            self.answer(404)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.state.lock:
            self.state.asked.clear()
            self.state.faults = json.loads(body)
        self.answer_json({})

    def serve(self, name: str, query: str) -> None:
        path = self.state.folder / name
        if not path.is_file():
            return self.answer(404)
        size = path.stat().st_size
        first, last = self.asked_range(size)
        fault = self.fault_of(name, query, first)
        status = fault.get("status") or (206 if "Range" in self.headers else 200)
        with self.state.lock:
            entry = (self.command, first, last, status)
            self.state.asked.setdefault(name, []).append(entry)
        time.sleep(fault.get("silent_s", self.state.latency_s))
        if status >= 400:
            wait = fault.get("retry_after")
            return self.answer(status, {"Retry-After": wait} if wait else {})
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": f'"{size:x}-{path.stat().st_mtime_ns:x}"',
            "Last-Modified": email.utils.formatdate(path.stat().st_mtime, usegmt=True),
        }
        if status == 206:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        self.answer(status, headers, body, fault.get("truncate"))

    def asked_range(self, size: int) -> tuple[int, int]:
        asked = self.headers.get("Range", "")
        if asked == "bytes=-1":
            return size - 1, size - 1
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        if not found:
            return 0, size - 1
        return int(found[1]), min(int(found[2] or size), size - 1)

    def fault_of(self, name: str, query: str, first: int) -> dict[str, Any]:
        with self.state.lock:
            fault = self.state.faults.get(name)
            if not fault or first < fault.get("from_byte", 0):
                return {}
            if "signature" in fault:
                return {} if fault["signature"] in query else {"status": 403}
            if "times" in fault:
                fault["times"] -= 1
                return fault if fault["times"] >= 0 else {}
            return fault

    def answer_json(self, content: object) -> None:
        headers = {"Content-Type": "application/json"}
        self.answer(200, headers, json.dumps(content).encode())

    def answer(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        truncate: int | None = None,
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:truncate])
            if truncate is not None:
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address


def main(handler: type[Handler] = Handler) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    asked = parser.parse_args()
    handler.state = State(asked.folder, asked.latency)
    server = Server(("127.0.0.1", 0), handler)
    print(server.server_port, flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


@dataclass(frozen=True)
class Running:
    """A server in a process of its own, as the tests see it."""

    url: str

    def at(self, name: str) -> str:
        return f"{self.url}/files/{name}"

    def fault(self, **faults: Any) -> None:
        """Set the faults of files, by name; forgets the stats."""
        requests.post(f"{self.url}/faults", json=faults, timeout=10)

    def stats(self) -> dict[str, list[tuple[str, int, int, int]]]:
        answer = requests.get(f"{self.url}/stats", timeout=10).json()
        return {name: [tuple(one) for one in asked] for name, asked in answer.items()}


@contextmanager
def running(
    folder: Path, module: str = "range_server", latency_s: float = 0.0
) -> Iterator[Running]:
    """Serve a folder until the block ends."""
    module = f"tests.extract.{module}"
    process = subprocess.Popen(
        [sys.executable, "-m", module, folder, "--latency", str(latency_s)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    killer = threading.Timer(START_S, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        killer.cancel()
        assert port, "the server did not start"
        yield Running(f"http://127.0.0.1:{port}")
    finally:
        killer.cancel()
        process.kill()
        process.wait(START_S)


if __name__ == "__main__":
    main()
