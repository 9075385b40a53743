# TLS over loopback: certificates made by openssl, versions, ciphers, client certificates, refusals, a web server.
import http.server
import socket
import ssl
import subprocess
import threading
import urllib.request


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


for name, kind in (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])):
    openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", f"/tmp/{name}.key", "-out", f"/tmp/{name}.crt",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "30")


def serve(listener, context, count):
    for _ in range(count):
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                while data := tls.recv(65536):
                    tls.sendall(data[::-1])
        except (ssl.SSLError, ConnectionError):
            connection.close()


def connect(port, trusted, **settings):
    context = ssl.create_default_context(cafile=trusted)
    for setting, value in settings.items():
        setattr(context, setting, value)
    with socket.create_connection(("127.0.0.1", port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"hello")
            got = tls.recv(100)
            total, sent = 0, b"x" * 300000
            sender = threading.Thread(target=tls.sendall, args=(sent,))
            sender.start()
            while total < len(sent):
                total += len(tls.recv(65536))
            sender.join()
            return got, total, tls.version(), tls.cipher()[0], tls.getpeercert()["subject"]


for name in ("rsa", "ec"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"/tmp/{name}.crt", f"/tmp/{name}.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = threading.Thread(target=serve, args=(listener, context, 3))
        server.start()
        print(name, connect(port, f"/tmp/{name}.crt"))
        print(name, connect(port, f"/tmp/{name}.crt", maximum_version=ssl.TLSVersion.TLSv1_2))
        try:
            connect(port, "/tmp/ec.crt" if name == "rsa" else "/tmp/rsa.crt")
        except ssl.SSLCertVerificationError as e:
            print(name, e.verify_message)
        server.join()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode() * 100)

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tmp/ec.crt", "/tmp/ec.key")
web.socket = context.wrap_socket(web.socket, server_side=True)
threading.Thread(target=web.serve_forever, daemon=True).start()
trust = ssl.create_default_context(cafile="/tmp/ec.crt")
for path in ("/a", "/bc"):
    print(len(urllib.request.urlopen(f"https://localhost:{web.server_port}{path}", context=trust).read()))
web.shutdown()
