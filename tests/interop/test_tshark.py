#!/usr/bin/python3
"""What the client and the lab say to one another, as tshark dissects it: nothing malformed.

The traffic is captured live on loopback. RPC over HTTP goes without TLS here, so that its bytes can be
read; what NTLM sealed, tshark opens with the password, and dissects.
"""

import contextlib
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap
import wire

PROXY = "mail.contoso.test"
LEGACY = "ex2010.contoso.test"

here = None
captures = {}


def mark(path, dumpcap, text):
    """Sends a packet until it is in the file: packets reach it late."""
    def there():
        if dumpcap.poll() is not None:
            raise tap.Skip(f"dumpcap cannot capture here: {dumpcap.stderr.read().strip()}")
        sender.sendto(text, ("127.0.0.1", here.base + lab.PORTS - 1))
        return path.exists() and text in path.read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        tap.wait_for(there, 20, f"{text} in {path.name}")


@contextlib.contextmanager
def capture(name):
    """Everything on the lab's ports while the block runs."""
    path = here.folder / f"{name}.pcapng"
    with tap.process("dumpcap", "-q", "-i", "lo", "-f", here.capture_filter(), "-w", path,
                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as dumpcap:
        mark(path, dumpcap, b"the capture begins")
        yield path
        mark(path, dumpcap, b"the capture ends")


def talk(name, proxy_map, *commands):
    """Captures commands of a fresh profile with this map; gives the capture's path."""
    here.do("map", "set", "RpcHttpProxyMap_TEST", proxy_map)
    with capture(name) as path:
        for command in commands:
            here.do("-p", "tshark", *command)
    return path


def prepare():
    global here
    tap.need("tshark", "dumpcap")
    tap.need_root()
    here = tap.keep(lab.serve("--gal", "60"))
    here.profile("tshark", "alice")
    commands = [["logon"], ["folders"], ["gal"], ["resolve", "bob"]]
    captures["open"] = talk("open", f"contoso.test=http://{PROXY},basic,none,false", *commands)
    captures["sealed"] = talk("sealed", f"contoso.test=http://{PROXY},ntlm,ntlm,false", *commands)
    captures["legacy"] = talk("legacy", f"contoso.test=http://{PROXY},ntlm,ntlm,false",
                              ["folders", "--mailbox", "bob"], ["stores"])


def dissect(pdus):
    path = here.folder / "pdus.pcap"
    wire.write_pcap(path, pdus)
    return wire.Verdict(path, here.password("alice"))


def fine(verdict, **least):
    """Nothing malformed, and at least so many packets of each protocol: not an empty capture."""
    tap.equal(verdict.errors, [], "what tshark minds")
    for protocol, count in least.items():
        seen = verdict.count(protocol)
        tap.check(seen >= count, f"{protocol}: {seen} packets, and not {count} or more")


def over_http(name):
    _, port = here.address(PROXY, 80)
    return wire.virtual_connections(captures[name], port)


def rpc_over_http_without_rpc_security():
    fine(dissect(over_http("open")), rts=12, dcerpc=40, nspi=10)


def rpc_over_http_sealed_by_ntlm():
    fine(dissect(over_http("sealed")), rts=12, dcerpc=40, ntlmssp=9, nspi=10)


def ntlm_in_http_headers():
    _, port = here.address(PROXY, 80)
    verdict = wire.Verdict(captures["sealed"], here.password("alice"),
                           decode=f"tcp.port=={port},http", only="ntlmssp")
    fine(verdict, ntlmssp=6)


def the_referral_to_a_legacy_server():
    fine(dissect(over_http("legacy")), rts=8, rfr=2, nspi=6)


def the_endpoint_mapper():
    _, port = here.address(LEGACY, 135)
    fine(dissect(wire.rpc_connections(captures["legacy"], port)), epm=2)


def rpc_over_tcp_sealed_by_ntlm():
    _, mapper = here.address(LEGACY, 135)
    _, proxy = here.address(PROXY, 80)
    ports = wire.ports(captures["legacy"]) - {mapper, proxy}
    tap.check(ports, "no connection but to the endpoint mapper and the proxy")
    pdus = [one for port in ports for one in wire.rpc_connections(captures["legacy"], port)]
    fine(dissect(pdus), dcerpc=8, ntlmssp=3)


def breaks(kind, offset, value):
    """Damages one PDU of the kind, in a capture that was fine, and tshark has to mind."""
    conversations = over_http("open")
    for pdus in conversations:
        for index, (time, direction, pdu) in enumerate(pdus):
            if pdu[2] == kind:
                broken = pdu[:offset] + value + pdu[offset + len(value):]
                pdus[index] = (time, direction, broken)
                verdict = dissect(conversations)
                tap.check(verdict.errors, f"PDU type {kind} broken at {offset}, and tshark is fine")
                return
    raise AssertionError(f"no PDU of type {kind}")


def a_broken_rts_pdu_is_noticed():
    breaks(wire.RTS, 18, b"\xff\x00")  # NumberOfCommands


def a_broken_bind_is_noticed():
    breaks(wire.BIND, 24, b"\xff")  # n_context_elem


tap.main(
    rpc_over_http_without_rpc_security,
    rpc_over_http_sealed_by_ntlm,
    ntlm_in_http_headers,
    the_referral_to_a_legacy_server,
    the_endpoint_mapper,
    rpc_over_tcp_sealed_by_ntlm,
    a_broken_rts_pdu_is_noticed,
    a_broken_bind_is_noticed,
    prepare=prepare,
)
