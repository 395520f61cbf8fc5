"""A web server with every kind of trouble: the first part of a URL's path says which, the rest names a file.

Run as `http_server.py DIRECTORY`, it prints its port on 127.0.0.1 and serves the directory until it is killed.
"""
import http.server
import os
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        trouble, name = self.path.strip("/").split("/", 1)
        path = os.path.join(sys.argv[1], name)
        if trouble == "missing" or not os.path.isfile(path):
            return self.send_error(404)
        if trouble == "stalled":  # takes the request and never answers
            return time.sleep(60)
        with open(path, "rb") as file:
            body = file.read()
        half = len(body) // 2
        begin = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        if trouble == "rest":  # whoever has a part gets the rest, and nobody the whole
            if not 0 < begin:
                return self.send_error(404)
            if begin >= len(body):
                return self.send_error(416)
            self.send(body[begin:], part=f"bytes {begin}-{len(body) - 1}/{len(body)}")
        elif trouble == "good":  # knows nothing of parts
            self.send(body)
        elif trouble == "wrong":  # whole, but not what was asked for
            self.send(b"something else")
        elif trouble == "truncated":  # the connection ends before the body does
            self.send(body[:half], length=len(body))
        elif trouble == "short":  # half a file that pretends to be whole
            self.send(body[:half])
        elif trouble == "halfway":  # half the body, then silence
            self.send(body[:half], length=len(body))
            time.sleep(60)
        elif trouble == "slow":  # takes longer than anyone may stay silent, but data keeps flowing
            self.send(b"", length=len(body))
            for i in range(12):
                time.sleep(1)
                self.wfile.write(body[i * len(body) // 12:(i + 1) * len(body) // 12])

    def send(self, body, length=None, part=None):
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", part)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
