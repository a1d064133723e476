"""A chat endpoint that answers well, or as a test says.

`python -m tests.captioning.chat_server` prints its port and ends with its parent.
POST /v1/chat/completions answers; POST /moves: {text in the facts: [move, ...]}, which
also forgets what was asked; GET /asked: [{body, authorization}]. Each question whose
facts hold the text takes the next of its moves, and the last one stays. A move is an
object of
    reply        the content of the message
    raw          the body of the answer as it is
    status       with error, the message, and retry_after, the header
    stall_s      seconds without an answer
    trickle_s    seconds between the bytes of the answer
"""

import json
import os
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

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
START_S = 30
WELL: dict[str, Any] = {}


@dataclass
class State:
    moves: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def good_reply(facts: list[dict[str, Any]]) -> str:
    """A caption of the first facts in their own words."""
    facts = facts[:3]
    says = [" with ".join(fact["says"]) for fact in facts]
    caption = f"An aerial image of {', near '.join(says)}."
    return json.dumps({"caption": caption, "used": [fact["id"] for fact in facts]})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = State()

    def do_GET(self) -> None:
        with self.state.lock:
            self.answer(200, json.dumps(self.state.asked))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/moves":
            with self.state.lock:
                self.state.asked.clear()
                self.state.moves = body
            return self.answer(200, "{}")
        assert self.path == "/v1/chat/completions", self.path
        told = body["messages"][1]["content"]
        move = self.next_move(body, told)
        time.sleep(move.get("stall_s", 0))
        if "status" in move:
            error = json.dumps({"error": {"message": move.get("error", "no")}})
            return self.answer(move["status"], error, move.get("retry_after"))
        if "raw" in move:
            return self.answer(200, move["raw"])
        reply = move["reply"] if "reply" in move else good_reply(json.loads(told))
        message = {"role": "assistant", "content": reply}
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        value = {"choices": [{"index": 0, "message": message}], "usage": usage}
        self.answer(200, json.dumps(value), every_s=move.get("trickle_s", 0))

    def next_move(self, body: dict[str, Any], told: str) -> dict[str, Any]:
        with self.state.lock:
            authorization = self.headers.get("Authorization")
            self.state.asked.append({"body": body, "authorization": authorization})
            for text, moves in self.state.moves.items():
                if text in told:
                    return moves.pop(0) if len(moves) > 1 else moves[0]
        return WELL

    def answer(
        self,
        status: int,
        text: str,
        retry_after: str | None = None,
        every_s: float = 0,
    ) -> None:
        content = text.encode()
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        pieces = [content]
        if every_s:
            pieces = [content[n : n + 1] for n in range(len(content))]
        try:
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(every_s)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        pass


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


@dataclass(frozen=True)
class Running:
    """The server as the tests see it."""

    url: str

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def moves(self, **moves: list[dict[str, Any]]) -> None:
        """Set the moves by a text in the facts (blanks as `_`); forgets the rest."""
        named = {text.replace("_", " "): list(some) for text, some in moves.items()}
        requests.post(f"{self.url}/moves", json=named, timeout=10)

    def asked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(self.url, timeout=10).json()
        return found


@contextmanager
def running() -> Iterator[Running]:
    """Serve until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.captioning.chat_server"],
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
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()
