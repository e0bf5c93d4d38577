"""AWS Lambda's runtime API on this machine, for one invocation.

A runtime interface client (awslambdaric, AWS' own) fetches an event here and brings back what the function
made of it, as it does within Lambda.

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """What a function is to be run on."""

    event: bytes  # JSON
    function_arn: str
    seconds: float  # that it may take
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Outcome:
    """What a function answered: JSON, or the error that it ended in."""

    answer: bytes = b""
    error: dict[str, Any] | None = None  # errorType, errorMessage, stackTrace


class RuntimeApi:
    """The server, for as long as the `with` lasts. Whoever asks for a second event waits for it till then."""

    def __init__(self, invocation: Invocation) -> None:
        self.outcome: Outcome | None = None
        self._invocation = invocation
        self._is_fetched = threading.Event()
        self._is_over = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != f"{VERSION}/invocation/next":
                    self.send_error(404)
                elif api._is_fetched.is_set():
                    api._is_over.wait()
                else:
                    api._is_fetched.set()
                    self._answer(200, invocation.event, api._headers())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == f"{VERSION}/invocation/{invocation.request_id}/response":
                    api.outcome = Outcome(answer=body)
                elif self.path in (f"{VERSION}/init/error", f"{VERSION}/invocation/{invocation.request_id}/error"):
                    api.outcome = Outcome(error=json.loads(body))
                else:
                    self.send_error(404)
                    return
                self._answer(202, b'{"status":"OK"}', {})

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """The function's own logs are what counts."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> RuntimeApi:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()

    def _headers(self) -> dict[str, str]:
        return {
            "Lambda-Runtime-Aws-Request-Id": self._invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self._invocation.seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._invocation.function_arn,
            "Lambda-Runtime-Trace-Id": "",
        }
