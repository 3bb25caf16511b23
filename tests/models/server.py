"""A web server with every bad habit: the first word of an address says how it behaves.

usage: server.py FILE LOG [CERTIFICATE]   serves FILE under /<behaviour>/<anything>; FILE may be "vocabulary", which
is CLIP's. With a CERTIFICATE (and its key, PEM) it talks https.

Says "PORT SHA256 BYTES PATH" once it listens. Writes a line to LOG for each request before it answers:
"<behaviour> <status> range=<from or -> if-range=<validator or ->". The behaviours that wait do so until a line comes on
standard input; the end of standard input ends the server.
"""

import hashlib
import http.server
import importlib.util
import os
import re
import ssl
import sys
import threading

gate = threading.Event()
count = {}
lock = threading.Lock()


def vocabulary():
    (folder,) = importlib.util.find_spec("open_clip").submodule_search_locations
    return os.path.join(folder, "bpe_simple_vocab_16e6.txt.gz")


PATH = vocabulary() if sys.argv[1] == "vocabulary" else sys.argv[1]
with open(PATH, "rb") as file:
    GOOD = file.read()
WRONG = bytes(byte ^ 255 for byte in GOOD)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True  # one request each, so that a cut-off body is noticed
        self.behaviour = self.path.split("/")[1]
        with lock:
            self.turn = count[self.behaviour] = count.get(self.behaviour, 0) + 1
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.wanted = int(wanted[1]) if wanted else None
        getattr(self, "behave_" + self.behaviour.replace("-", "_"), self.behave_404)()

    def log_message(self, *_):
        pass

    def answer(self, status, headers):
        start = "-" if self.wanted is None else self.wanted
        with lock, open(sys.argv[2], "a") as log:
            log.write(f"{self.behaviour} {status} range={start} if-range={self.headers.get('If-Range', '-')}\n")
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, data, etag='"one"', ranges=True, until=1.0, obey_if_range=True):
        """Sends `data` as a good server would, but only as far as the fraction `until` of what was asked for."""
        start = self.wanted
        if not ranges or (obey_if_range and self.headers.get("If-Range", etag) != etag):
            start = None
        headers = {"ETag": etag} if etag else {}
        body = data[start or 0:]
        headers["Content-Length"] = len(body)
        if start is None:
            self.answer(200, headers)
        else:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self.answer(206, headers)
        self.body(body[: int(len(body) * until)])
        return body[int(len(body) * until):]

    def body(self, data):
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:  # the client has left
            pass

    def hold(self):
        """Keeps the connection open until the client leaves."""
        try:
            while self.connection.recv(1):
                pass
        except OSError:
            pass

    def redirect(self, where):
        self.answer(302, {"Location": where, "Content-Length": 0})

    def behave_good(self):
        self.send(GOOD)

    def behave_no_etag(self):
        self.send(GOOD, etag=None, until=0.5 if self.turn == 1 else 1)

    def behave_cut_off(self):
        self.send(GOOD, until=0.5 if self.turn < 4 else 1)

    def behave_always_cut_off(self):
        self.send(GOOD, ranges=False, until=0.5)

    def behave_trickle(self):
        self.send(GOOD, until=1e-4)

    def behave_cut_off_without_length(self):
        self.answer(200, {})
        self.body(GOOD[: len(GOOD) // 2])

    def behave_stall_once(self):
        self.send(GOOD, until=0.5 if self.turn == 1 else 1)
        if self.turn == 1:
            self.hold()

    def behave_stall(self):
        self.send(GOOD, ranges=False, until=0.5)
        self.hold()

    def behave_silent(self):
        self.hold()

    def behave_gate(self):
        """Half of the file, the rest when the test says so."""
        rest = self.send(GOOD, until=0.5)
        gate.wait()
        self.body(rest)

    def behave_redirect(self):
        self.redirect("/good/elsewhere")

    def behave_loop(self):
        self.redirect("/loop/again")

    def behave_redirect_to_file(self):
        self.redirect("file://" + PATH)

    def behave_downgrade(self):
        self.redirect("http://127.0.0.1:1/good")

    def behave_redirect_nowhere(self):
        self.answer(302, {"Content-Length": 0})

    def behave_refuse_ranges(self):
        if self.wanted is None:
            self.send(GOOD, until=0.5 if self.turn == 1 else 1)
        else:
            self.answer(416, {"Content-Length": 0})

    def behave_ignore_ranges(self):
        self.send(GOOD, ranges=False, until=0.5 if self.turn == 1 else 1)

    def behave_other_range(self):
        """Answers a request for a part with another part."""
        if self.wanted:
            self.wanted -= 1000
        self.send(GOOD, until=0.5 if self.turn == 1 else 1)

    def behave_part_without_range(self):
        """Says that it sends a part, but not which."""
        if self.wanted is None:
            self.send(GOOD, until=0.5 if self.turn == 1 else 1)
        else:
            self.answer(206, {"Content-Length": len(GOOD) - self.wanted})
            self.body(GOOD[self.wanted:])

    def behave_wrong(self):
        self.send(WRONG)

    def behave_too_long(self):
        self.send(GOOD + b"more")

    def behave_endless(self):
        self.answer(200, {})
        try:
            while True:
                self.wfile.write(GOOD)
        except OSError:
            pass

    def behave_404(self):
        self.answer(404, {"Content-Length": 5})
        self.body(b"none\n")

    def behave_500(self):
        self.answer(500, {"Content-Length": 0})

    def behave_busy_twice(self):
        if self.turn <= 2:
            self.answer(503, {"Content-Length": 5})
            self.body(b"busy\n")
        else:
            self.send(GOOD)

    def behave_changed(self):
        if self.turn == 1:
            self.send(WRONG, etag='"zero"', until=0.5)
        else:
            self.send(GOOD)

    def behave_changed_unnoticed(self):
        """Goes on with another file as if it were the same."""
        if self.turn == 1:
            self.send(WRONG, etag='"zero"', until=0.5)
        else:
            self.send(GOOD, obey_if_range=False)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, hashlib.sha256(GOOD).hexdigest(), len(GOOD), PATH, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    gate.set()
