"""A stand-in for the host of Keras' weights, on this machine, and the weights it gives."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SILENCE_SECONDS = 60.0  # far longer than anybody waits

Answer = Callable[[BaseHTTPRequestHandler], None]


class WeightsHost:
    """A running host, which answers as a test wants."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/weights.h5"
        self.answer: Answer = gone
        self.requests = 0


@contextmanager
def weights_host() -> Iterator[WeightsHost]:
    """A host for the time of a test."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.requests += 1
            host.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host = WeightsHost(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield host
    server.shutdown()
    server.server_close()


def gone(request: BaseHTTPRequestHandler) -> None:
    request.send_error(404)


def wrong(request: BaseHTTPRequestHandler) -> None:
    _begin(request, 5)
    request.wfile.write(b"wrong")


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(SILENCE_SECONDS)


def silent_in_the_middle(request: BaseHTTPRequestHandler) -> None:
    _begin(request, 100)
    request.wfile.write(b"some")
    request.wfile.flush()
    time.sleep(SILENCE_SECONDS)


def breaking_off(request: BaseHTTPRequestHandler) -> None:
    _begin(request, 100)
    request.wfile.write(b"some")


def trickling(request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for hours."""
    _begin(request, 100_000_000)
    try:
        while True:
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.1)
    except ConnectionError:
        pass


def giving(weights: Path) -> Answer:
    """Answers with that file."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        _begin(request, weights.stat().st_size)
        with weights.open("rb") as file:
            shutil.copyfileobj(file, request.wfile)

    return answer


def _begin(request: BaseHTTPRequestHandler, size: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(size))
    request.end_headers()


def write_weights(path: Path) -> str:
    """A file as Keras' own is, with weights of chance; its MD5."""
    import h5py
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, keras.applications.ResNet50(weights=None))
    with path.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()
