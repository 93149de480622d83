"""What was on the wire, as tshark sees it.

tshark dissects RPC on a TCP connection of its own, not the second and later PDUs in the two bodies
of RPC over HTTP. So the bodies are taken out of their channels, in the order of time, and written as
one conversation, which tshark then reads like any other: every byte of ours, none added.
"""

import collections
import re
import struct
import subprocess

# A piece of a stream: seconds, the connection, "out" from who connected or "in" to it, bytes.
Piece = collections.namedtuple("Piece", "time stream direction data")

BIND, RTS = 11, 20  # PDU types: [C706] 12.6.4.1, [MS-RPCH] 2.2.3.1
PORT = 49200  # of what write_pcap() writes; one that no other protocol is known for


def tshark(*arguments):
    return subprocess.run(["tshark", *map(str, arguments)], check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=120).stdout


def pieces(pcap, port):
    """The payloads of all connections to a port, in order."""
    found = []
    for line in tshark("-r", pcap, "-Y", f"tcp.port == {port} && tcp.len > 0",
                       "-o", "tcp.analyze_sequence_numbers:TRUE", "-T", "fields",
                       "-e", "frame.time_epoch", "-e", "tcp.stream", "-e", "tcp.dstport",
                       "-e", "tcp.payload", "-e", "tcp.analysis.retransmission").splitlines():
        time, stream, to, data, again = (line.split("\t") + [""])[:5]
        if not again:
            found.append(Piece(float(time), int(stream), "out" if int(to) == port else "in",
                               bytes.fromhex(data)))
    return found


class Bodies:
    """One direction of an HTTP connection: takes out the bodies that carry RPC.

    Those are the bodies of RPC_IN_DATA and RPC_OUT_DATA and of their 200 answers. What is no longer
    than 16 bytes is an echo request, [MS-RPCH] 2.1.2.1.5; error pages are skipped.
    """

    def __init__(self):
        self.head = b""
        self.left = 0
        self.wanted = False

    def feed(self, data):
        found = b""
        while data:
            if self.left:
                part, data = data[:self.left], data[self.left:]
                self.left -= len(part)
                found += part if self.wanted else b""
                continue
            self.head += data
            end = self.head.find(b"\r\n\r\n") + 4
            if end < 4:
                break
            head, data, self.head = self.head[:end], self.head[end:], b""
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            self.left = int(length.group(1)) if length else 0
            self.wanted = self.left > 16 and bool(
                re.match(rb"RPC_(IN|OUT)_DATA |HTTP/1.\d 200", head))
        return found


def split_pdus(buffer):
    """Whole PDUs and what is left. The length is at offset 8, little-endian, [C706] 12.6.3.1."""
    found = []
    while len(buffer) >= 16:
        size = struct.unpack_from("<H", buffer, 8)[0]
        if size < 16 or len(buffer) < size:
            break
        found.append(buffer[:size])
        buffer = buffer[size:]
    return found, buffer


def virtual_connections(pcap, port):
    """The PDUs of each virtual connection of RPC over HTTP: [[(time, direction, pdu)]].

    The cookie in CONN/A1 and CONN/B1 joins the channels, [MS-RPCH] 2.2.4.2 and 2.2.4.5.
    """
    bodies = collections.defaultdict(Bodies)
    buffers = collections.defaultdict(bytes)
    cookies = {}
    found = []
    for piece in pieces(pcap, port):
        key = piece.stream, piece.direction
        pdus, buffers[key] = split_pdus(buffers[key] + bodies[key].feed(piece.data))
        for pdu in pdus:
            if pdu[2] == RTS and piece.stream not in cookies and piece.direction == "out":
                # header 20, Version 8, then the command Cookie: type 4, GUID 16
                cookies[piece.stream] = pdu[32:48]
            found.append((piece.stream, piece.time, piece.direction, pdu))
    joined = collections.defaultdict(list)
    for stream, time, direction, pdu in found:
        joined[cookies.get(stream, stream)].append((time, direction, pdu))
    return list(joined.values())


def rpc_connections(pcap, port):
    """The same for RPC over TCP."""
    buffers = collections.defaultdict(bytes)
    joined = collections.defaultdict(list)
    for piece in pieces(pcap, port):
        key = piece.stream, piece.direction
        pdus, buffers[key] = split_pdus(buffers[key] + piece.data)
        joined[piece.stream] += [(piece.time, piece.direction, pdu) for pdu in pdus]
    return list(joined.values())


def ports(pcap):
    """The ports something connected to."""
    return set(map(int, tshark("-r", pcap, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T",
                               "fields", "-e", "tcp.dstport").split()))


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def write_pcap(path, conversations):
    """Each PDU a segment of a TCP connection, with right sequence numbers."""
    records = []
    for number, pdus in enumerate(conversations):
        client, server = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
        sequence = {"out": 1, "in": 1}
        for time, direction, pdu in pdus:
            other = "in" if direction == "out" else "out"
            ends_at = (30000 + number, PORT) if direction == "out" else (PORT, 30000 + number)
            ends = client + server if direction == "out" else server + client
            tcp = struct.pack(">HHIIBBHHH", *ends_at, sequence[direction], sequence[other],
                              5 << 4, 0x18, 65535, 0, 0)
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(pdu), 0, 0x4000, 64, 6, 0) + ends
            ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
            records.append((time, ip + tcp + pdu))
            sequence[direction] += len(pdu)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        for time, packet in sorted(records, key=lambda record: record[0]):
            file.write(struct.pack("<IIII", int(time), int(time % 1 * 1e6), len(packet),
                                   len(packet)) + packet)


class Verdict:
    """What tshark minds in a capture, and how often it saw a protocol; `only` narrows both."""

    def __init__(self, pcap, password=None, decode=None, only="frame"):
        self.only = only
        self.options = ["-r", pcap, "-o", "tcp.try_heuristic_first:TRUE",
                        "-o", "dcerpc.desegment_dcerpc:TRUE"]
        self.options += ["-o", f"ntlmssp.nt_password:{password}"] if password else []
        self.options += ["-d", decode] if decode else []
        # 0x800000 is the severity "error"
        self.errors = self.frames("_ws.malformed || _ws.expert.severity >= 0x800000")

    def frames(self, condition):
        return tshark(*self.options, "-Y", f"({condition}) && {self.only}", "-T", "fields",
                      "-e", "frame.number", "-e", "frame.protocols",
                      "-e", "_ws.expert.message").splitlines()

    def count(self, protocol):
        return len(self.frames("dcerpc.cn_rts_flags" if protocol == "rts" else protocol))
