#!/usr/bin/python3
"""The lab itself: what it announces and keeps, what it refuses, and how it misbehaves when told."""

import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import struct
import subprocess
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

PROXY, MODERN, LEGACY = "mail.contoso.test", "ex2013.contoso.test", "ex2010.contoso.test"
OPENED = "HTTP/1.1 200 Success"
WINDOW = 0x10000  # what the lab takes on the IN channel without an acknowledgement
RTS, BIND, BIND_ACK, REQUEST, RESPONSE = 20, 11, 12, 0, 2
NSPI = uuid.UUID("f5cc5a18-4264-101a-8c59-08002b2f8426").bytes_le + struct.pack("<HH", 56, 0)
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)

here = None


def prepare():
    global here
    tap.need("curl")
    here = tap.keep(lab.serve())


# ---- a client of the test's own: the bytes of [MS-RPCH] and [C706], and nothing that could help ----

def pdu(kind, body, call=1, flags=3):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, call) + body


def rts(flags, *commands):
    return pdu(RTS, struct.pack("<HH", flags, len(commands)) + b"".join(commands), 0)


def word(command, value):
    return struct.pack("<II", command, value)


def cookie(command, value):
    return struct.pack("<I", command) + value


def bind(*interfaces):
    contexts = b"".join(struct.pack("<HBB", i, 1, 0) + interface + NDR
                        for i, interface in enumerate(interfaces))
    return pdu(BIND, struct.pack("<HHIBBH", 5840, 5840, 0, len(interfaces), 0, 0) + contexts)


def request(opnum, stub, call=2):
    return pdu(REQUEST, struct.pack("<IHH", len(stub), 0, opnum) + stub, call)


class Wire:
    """A connection, with a buffer to take whole things from."""

    def __init__(self, running, host, port, trusted=True, seconds=10):
        self.socket = socket.create_connection(running.address(host, port), seconds)
        if port == 443:
            context = ssl.create_default_context(cafile=str(running.ca) if trusted else None)
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def take(self, size):
        while len(self.buffer) < size:
            if not self.more():
                raise EOFError(f"closed after {self.buffer!r}")
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def head(self):
        """The status line and the rest of an answer's head."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise EOFError(f"closed after {self.buffer!r}")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status, _, rest = head.decode().partition("\r\n")
        return status, rest

    def pdu(self):
        header = self.take(16)
        kind, length = header[2], struct.unpack_from("<H", header, 8)[0]
        return kind, header + self.take(length - 16)

    def quiet(self, seconds=0.5):
        """Nothing comes for a while; False: something did, or the peer closed."""
        self.socket.settimeout(seconds)
        try:
            self.more()
            return False
        except TimeoutError:
            return not self.buffer
        finally:
            self.socket.settimeout(10)

    def closed(self):
        try:
            while self.more():
                pass
        except ConnectionResetError:
            pass
        return True


def ask(running, method, length, target=None, user="alice", password=None, **options):
    wire = Wire(running, PROXY, options.pop("port", 443), **options)
    target = target or f"{running.users[user]['personalized_id']}:6004"
    word = base64.b64encode(f"{user}:{password or running.password(user)}".encode()).decode()
    wire.send(f"{method} /rpc/rpcproxy.dll?{target} HTTP/1.1\r\nHost: {PROXY}\r\n"
              f"Content-Length: {length}\r\nAuthorization: Basic {word}\r\n\r\n".encode())
    return wire


class Virtual:
    """A virtual connection, both of its channels asked for."""

    def __init__(self, running, window=0x10000, target=None, out_first=True):
        self.cookie, self.out_cookie, self.in_cookie, group = (os.urandom(16) for _ in range(4))
        self.into = ask(running, "RPC_IN_DATA", 1 << 30, target)
        self.out = ask(running, "RPC_OUT_DATA", 76, target)
        a1 = rts(0, word(6, 1), cookie(3, self.cookie), cookie(3, self.out_cookie), word(0, window))
        b1 = rts(0, word(6, 1), cookie(3, self.cookie), cookie(3, self.in_cookie),
                 word(4, 1 << 30), word(5, 300000), cookie(12, group))
        first, second = (self.out, a1), (self.into, b1)
        for wire, message in (first, second) if out_first else (second, first):
            wire.send(message)

    def open(self):
        tap.equal(self.out.head()[0], OPENED)
        kind, a3 = self.out.pdu()
        tap.equal((kind, a3[16:]), (RTS, struct.pack("<HH", 0, 1) + word(2, 120000)), "CONN/A3")
        kind, c2 = self.out.pdu()
        tap.equal((kind, c2[16:]), (RTS, struct.pack("<HH", 0, 3) + word(6, 1) + word(0, WINDOW)
                                    + word(2, 120000)), "CONN/C2")
        return self

    def bound(self):
        self.open().into.send(bind(NSPI))
        kind, ack = self.out.pdu()
        tap.equal((kind, ack[-24:-20]), (BIND_ACK, b"\0\0\0\0"), "accepted")
        self.received = len(ack)
        return self

    def ack(self, received, available):
        self.into.send(rts(2, word(13, 3), struct.pack("<III", 1, received, available)
                           + self.out_cookie))


def serve_in(path, *options):
    """A lab in a folder that may have been one's before; its first line and the process."""
    return tap.process(lab.LAB, "serve", "--dir", path, *options, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)


@contextlib.contextmanager
def misbehaving(*kinds):
    words = [word for kind in kinds for word in ("--misbehave", kind)]
    with lab.serve(*words) as running:
        yield running


def status(wire):
    return wire.head()[0]


def fails(attempt, *errors):
    try:
        attempt()
    except errors:
        return
    raise AssertionError("did not fail")


# ---- what it announces and keeps ----

def announces_servers_and_users():
    tap.equal({name: (server["age"], server["transports"], server["rpc_proxy"])
               for name, server in here.servers.items() if server["age"] in (2010, 2013)},
              {"EX2010": (2010, ["ncacn_ip_tcp"], None), "EX2013": (2013, ["ncacn_http"], PROXY)})
    tap.equal(here.servers["EX2013"]["version"], "15.0.847.32")
    alice, bob = here.users["alice"], here.users["bob"]
    tap.equal((alice["server"], bob["server"]), ("EX2013", "EX2010"))
    tap.check(alice["personalized_id"].endswith("@contoso.test"), alice["personalized_id"])
    tap.equal((alice["smtp"], alice["upn"]), ("alice@contoso.test", "alice@contoso.test"))
    tap.check(alice["legacy_dn"].startswith("/o=Contoso/"), alice["legacy_dn"])


def writes_settings_for_the_command():
    tap.equal(here.env["ONEMAPI_USER"], "CONTOSO\\alice")
    tap.equal(pathlib.Path(here.env["ONEMAPI_PASSWORD_FILE"]).read_text().strip(),
              here.password("alice"))
    tap.check(pathlib.Path(here.env["ONEMAPI_HOME"]).is_dir(), "ONEMAPI_HOME is a folder")
    tap.equal(pathlib.Path(here.env["ONEMAPI_CA_FILE"]), here.ca)
    for host in (PROXY, MODERN, LEGACY):
        for port in (443, 80, 135):
            here.address(host, port)


def keeps_secrets_private():
    for name in ("", "passwords", "home"):
        tap.equal(stat.S_IMODE((here.folder / name).stat().st_mode), 0o700, f"mode of {name or '.'}")
    for path in [here.folder / "ca.key", here.folder / "server.key",
                 *(here.folder / "passwords").iterdir()]:
        tap.equal(stat.S_IMODE(path.stat().st_mode), 0o600, f"mode of {path.name}")


def keeps_passwords_and_certificates_from_start_to_start():
    path, kept = tap.folder(), []
    for _ in range(2):
        with serve_in(path) as child:
            tap.check(child.stdout.readline(), "the ready line")
            kept.append({file: file.read_bytes() for file in
                         [*(path / "passwords").iterdir(), *path.glob("*.pem"), *path.glob("*.key")]})
    tap.check(len(kept[0]) > 6, f"only {len(kept[0])} files")
    tap.equal(kept[1], kept[0], "files")


def ends_on_a_signal_with_everything_closed():
    for number in (signal.SIGTERM, signal.SIGINT):
        path = tap.folder()
        with serve_in(path) as child:
            announced = json.loads(child.stdout.readline())
            running = lab.Lab(path, 0, announced, lab.read_env(path / "env"))
            virtual = Virtual(running).bound()
            half = ask(running, "RPC_OUT_DATA", 76)
            idle = Wire(running, LEGACY, 135)
            child.send_signal(number)
            for wire in (idle, half, virtual.out, virtual.into):
                tap.check(wire.closed(), "closed")
                wire.socket.close()
            tap.equal(child.wait(10), 0, "exit")
            tap.equal(child.stderr.read(), b"", "stderr")


def says_what_it_does_not_understand():
    for words, text in ((["serve"], "--dir"), ([], "serve"), (["serve", "--dir", "x", "--gal", "many"], "many"),
                        (["serve", "--dir", "x", "--misbehave", "rude"], "rude"),
                        (["serve", "--dir", "x", "--http-auth", "digest"], "digest")):
        done = tap.run(lab.LAB, *words)
        tap.equal(done.returncode, 2, f"exit of {words}")
        tap.check(text in done.stderr, done.stderr)


def says_which_folder_it_cannot_make():
    done = tap.run(lab.LAB, "serve", "--dir", "/nowhere/at/all")
    tap.equal(done.returncode, 1)
    tap.check("/nowhere/at/all" in done.stderr, done.stderr)


def refuses_a_folder_another_lab_runs_in():
    before = (here.folder / "env").read_bytes()
    done = tap.run(lab.LAB, "serve", "--dir", here.folder)
    tap.equal(done.returncode, 1)
    tap.equal(done.stdout, "", "stdout")
    tap.check("another lab runs in this folder" in done.stderr, done.stderr)
    tap.equal((here.folder / "env").read_bytes(), before, "env")


def says_in_env_what_a_profile_needs():
    tap.equal(here.env["ONEMAPI_LAB_SERVER"], here.users["alice"]["personalized_id"], "server")


# ---- what it serves and refuses ----

def refuses_what_each_age_refuses():
    for host, port in ((MODERN, 135), (PROXY, 135), (LEGACY, 443), (LEGACY, 80)):
        fails(lambda: socket.create_connection(here.address(host, port), 10), ConnectionRefusedError)


def answers_an_echo_with_twenty_bytes():
    for method in ("RPC_IN_DATA", "RPC_OUT_DATA"):
        wire = ask(here, method, 4)
        wire.send(b"\0\0\0\0")
        tap.equal(status(wire), OPENED)
        tap.equal(wire.take(20), rts(0x40))


def knows_no_other_path():
    wire = Wire(here, PROXY, 443)
    wire.send(b"GET /owa HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.equal(status(wire), "HTTP/1.1 404 Not Found")


def takes_two_requests_on_one_connection():
    wire = ask(here, "GET", 0)
    tap.equal(status(wire), "HTTP/1.1 200 OK")
    wire.send(b"GET /rpc/rpcproxy.dll HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.equal(status(wire), "HTTP/1.1 401 Unauthorized", "basic holds for one request")


def refuses_a_large_body_without_reading_it():
    wire = ask(here, "RPC_IN_DATA", 1 << 30, password="not-it")
    tap.equal(status(wire), "HTTP/1.1 401 Unauthorized")
    tap.check(wire.closed(), "closed")


def opens_a_virtual_connection_whichever_channel_comes_first():
    for out_first in (True, False):
        Virtual(here, out_first=out_first).open()


def has_no_way_to_a_server_it_does_not_know():
    for target in ("nowhere.contoso.test:6004", f"{LEGACY}:6001", f"{MODERN}:135", "6004",
                   "00000000-0000-0000-0000-000000000000@contoso.test:6001"):
        virtual = Virtual(here, target=target)
        for wire in (virtual.into, virtual.out):
            tap.equal(status(wire), "HTTP/1.0 503 RPC Error: 6ba", target)


def closes_both_channels_when_the_client_closes_one():
    for name in ("into", "out"):
        virtual = Virtual(here).open()
        getattr(virtual, name).socket.close()
        tap.check((virtual.out if name == "into" else virtual.into).closed(), name)


def closes_on_what_is_no_pdu():
    virtual = Virtual(here).open()
    virtual.into.send(b"\x47" * 64)
    tap.check(virtual.out.closed(), "closed")


def sends_no_more_than_the_clients_window():
    virtual = Virtual(here, window=0x2000).bound()
    received, count, sizes = virtual.received, 400, []
    for call in range(count):
        virtual.into.send(request(999, b"", call + 2))  # each is answered with a fault of 32 bytes
    while virtual.out.buffer or not virtual.out.quiet():
        kind, answer = virtual.out.pdu()
        if kind != RTS:
            sizes.append(len(answer))
    tap.check(0x2000 - 100 < received + sum(sizes) <= 0x2000,
              f"{received + sum(sizes)} bytes in a window of 8192")
    virtual.ack(received + sum(sizes), 0x2000)
    while len(sizes) < count:
        kind, answer = virtual.out.pdu()
        if kind != RTS:
            sizes.append(len(answer))


def closes_on_an_acknowledgement_of_more_than_it_sent():
    virtual = Virtual(here).bound()
    virtual.ack(virtual.received + 1, 0x10000)
    tap.check(virtual.out.closed(), "closed")


def acknowledges_what_it_received():
    virtual = Virtual(here, window=0x40000).bound()
    sent, acknowledged = len(bind(NSPI)), 0
    filler = request(999, b"\0" * 4000)
    while acknowledged < 3:
        virtual.into.send(filler)
        sent += len(filler)
        while True:
            kind, answer = virtual.out.pdu()
            if kind != RTS:
                break
            flags, count, destination, to, command, received, available = \
                struct.unpack_from("<HHIIIII", answer, 16)
            tap.equal((flags, count, destination, to, command), (2, 2, 13, 0, 1))
            tap.check(received <= sent and available == WINDOW, f"{received} of {sent}, {available}")
            tap.equal(answer[-16:], virtual.in_cookie)
            acknowledged += 1


# ---- what it does wrong when told ----

def offers_no_more_than_told():
    for method, words in (("basic", ["Basic"]), ("ntlm", ["Negotiate", "NTLM"])):
        with lab.serve("--http-auth", method) as running:
            wire = ask(running, "GET", 0, password="not-it")
            _, rest = wire.head()
            tap.equal([line.split()[1] for line in rest.splitlines()
                       if line.startswith("WWW-Authenticate")], words)


def misbehaves_in_http():
    with misbehaving("http-401") as running:
        tap.equal(status(ask(running, "GET", 0)), "HTTP/1.1 401 Unauthorized")
    with misbehaving("http-status=500") as running:
        tap.equal(status(ask(running, "GET", 0)).split()[1], "500")
    with misbehaving("http-garbage") as running:
        tap.check(not ask(running, "GET", 0).take(4).startswith(b"HTTP"), "no HTTP")
    with misbehaving("proxy-error=6c0") as running:
        tap.equal(status(Virtual(running).out), "HTTP/1.0 503 RPC Error: 6c0")
    with misbehaving("http-close-401") as running:
        wire = ask(running, "GET", 0, password="not-it")
        tap.check("Connection: close" in wire.head()[1] and wire.closed(), "closed")


def reads_the_whole_body_before_a_401_when_told():
    with misbehaving("http-read-body") as running:
        wire = ask(running, "RPC_IN_DATA", 300000, password="not-it")
        wire.send(b"\0" * 299999)
        tap.check(wire.quiet(), "silence before the last byte")
        wire.send(b"\0")
        tap.equal(status(wire), "HTTP/1.1 401 Unauthorized")


def demands_a_channel_binding_when_told():
    with misbehaving("http-epa") as running:
        address, real = running.address(PROXY, 443)
        done = tap.run("curl", "--silent", "--max-time", "20", "--cacert", running.ca, "--connect-to",
                       f"{PROXY}:443:{address}:{real}", "--ntlm", "--user",
                       f"alice:{running.password('alice')}", "--write-out", "%{http_code}",
                       "--output", "/dev/null", f"https://{PROXY}/rpc/rpcproxy.dll")
        tap.equal(done.stdout, "401", "curl 7.88 sends no binding")


def shows_wrong_certificates_when_told():
    for kind, text in (("cert-expired", "expired"), ("cert-wrong-host", "ostname mismatch"),
                       ("cert-self-signed", "self-signed")):
        with misbehaving(kind) as running:
            try:
                Wire(running, PROXY, 443)
            except ssl.SSLCertVerificationError as error:
                tap.check(text in str(error), f"{kind}: {error}")
                continue
            raise AssertionError(f"{kind} was taken")


def is_silent_or_gone_when_told():
    with misbehaving("silent@ex2010:135", "close@ex2010:6004", "silent@443") as running:
        wire = Wire(running, LEGACY, 135)
        wire.send(bind(NSPI))
        tap.check(wire.quiet(), "silence")
        fails(lambda: Wire(running, PROXY, 443, seconds=0.5), TimeoutError)
        tap.equal(status(ask(running, "GET", 0, port=80)), "HTTP/1.1 200 OK", "port 80 behaves")
    with misbehaving("cut=40@80") as running:
        wire = ask(running, "GET", 0, port=80)
        wire.closed()
        tap.equal(len(wire.buffer), 40)
    with misbehaving("trickle=3@80") as running:
        tap.equal(status(ask(running, "GET", 0, port=80)), "HTTP/1.1 200 OK")


def misbehaves_in_rts():
    for kind, count in (("rts-no-a3", 1), ("rts-no-c2", 1)):
        with misbehaving(kind) as running:
            virtual = Virtual(running)
            tap.equal(status(virtual.out), OPENED)
            for _ in range(count):
                tap.equal(virtual.out.pdu()[0], RTS)
            tap.check(virtual.out.quiet(), kind)
    with misbehaving("rts-no-ack") as running:
        virtual = Virtual(running, window=0x40000).bound()
        for _ in range(WINDOW // 4096):  # with the bind, more than the window
            virtual.into.send(request(999, b"\0" * 4072))
        tap.check(virtual.out.closed(), "a client that goes on without an acknowledgement is closed")
        answers = virtual.out.buffer
        tap.equal(len(answers), (WINDOW // 4096 - 1) * 32, "bytes of faults, and no RTS PDU")
    with misbehaving("rts-bad") as running:
        virtual = Virtual(running)
        tap.equal(status(virtual.out), OPENED)
        virtual.out.pdu()
        tap.equal(struct.unpack_from("<I", virtual.out.pdu()[1], 36)[0], 0x4D, "the last command")


def misbehaves_in_rpc():
    calls = {"rpc-frag-length=2": lambda got: struct.unpack_from("<H", got, 8)[0] != len(got),
             "rpc-call-id=2": lambda got: struct.unpack_from("<I", got, 12)[0] != 2,
             "rpc-type=2": lambda got: got[2] == REQUEST,
             "rpc-fault=5": lambda got: got[2] == 3 and struct.unpack_from("<I", got, 24)[0] == 5}
    for kind, wrong in calls.items():
        with misbehaving(kind) as running:
            virtual = Virtual(running).bound()
            virtual.into.send(request(999, b""))
            while len(virtual.out.buffer) < 32:
                virtual.out.more()
            tap.check(wrong(virtual.out.buffer), f"{kind}: {virtual.out.buffer.hex()}")
    with misbehaving("rpc-silent=2") as running:
        virtual = Virtual(running).bound()
        virtual.into.send(request(999, b""))
        tap.check(virtual.out.quiet(), "rpc-silent")
    with misbehaving("rpc-close=2") as running:
        virtual = Virtual(running).bound()
        virtual.into.send(request(999, b""))
        tap.check(virtual.out.closed(), "rpc-close")
    with misbehaving("rpc-bind-nak=4") as running:
        virtual = Virtual(running).open()
        virtual.into.send(bind(NSPI))
        kind, nak = virtual.out.pdu()
        tap.equal((kind, nak[16:18]), (13, b"\4\0"))


tap.main(
    announces_servers_and_users,
    writes_settings_for_the_command,
    keeps_secrets_private,
    keeps_passwords_and_certificates_from_start_to_start,
    ends_on_a_signal_with_everything_closed,
    says_what_it_does_not_understand,
    says_which_folder_it_cannot_make,
    refuses_a_folder_another_lab_runs_in,
    says_in_env_what_a_profile_needs,
    refuses_what_each_age_refuses,
    answers_an_echo_with_twenty_bytes,
    knows_no_other_path,
    takes_two_requests_on_one_connection,
    refuses_a_large_body_without_reading_it,
    opens_a_virtual_connection_whichever_channel_comes_first,
    has_no_way_to_a_server_it_does_not_know,
    closes_both_channels_when_the_client_closes_one,
    closes_on_what_is_no_pdu,
    sends_no_more_than_the_clients_window,
    closes_on_an_acknowledgement_of_more_than_it_sent,
    acknowledges_what_it_received,
    offers_no_more_than_told,
    misbehaves_in_http,
    reads_the_whole_body_before_a_401_when_told,
    demands_a_channel_binding_when_told,
    shows_wrong_certificates_when_told,
    is_silent_or_gone_when_told,
    misbehaves_in_rts,
    misbehaves_in_rpc,
    prepare=prepare,
)
