#!/usr/bin/python3
"""The lab as impacket sees it, over RPC over HTTP v2 and over RPC over TCP."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

try:
    from impacket.dcerpc.v5 import epm, nspi, rpcrt
    from impacket.http import AUTH_BASIC, AUTH_NTLM
    from impacket.uuid import uuidtup_to_bin

    import impacket_gal
except ImportError as missing:
    epm = None
    reason = str(missing)

ENTRIES = 120  # besides the lab's own people; more than one answer holds
PROXY = "mail.contoso.test"
MODERN, LEGACY = "alice", "ex2010.contoso.test"

here = None


def prepare():
    global here
    if not epm:
        raise tap.Skip(reason)
    here = tap.keep(lab.serve("--gal", str(ENTRIES)))
    here.profile("interop", MODERN, f"contoso.test={PROXY},ntlm,ntlm,false")


def over_http(auth, password=None, server=None):
    return impacket_gal.over_http(here, MODERN, auth, password, server)


def over_tcp(port):
    return impacket_gal.over_tcp(here, MODERN, LEGACY, port)


def endpoint_mapper():
    dce = over_tcp(here.address(LEGACY, 135)[1])
    dce.connect()
    return dce


def mapped(uuid, version):
    """The port of an interface, as impacket reads the endpoint mapper's answer."""
    dce = endpoint_mapper()
    binding = epm.hept_map("127.0.0.1", uuidtup_to_bin((uuid, version)),
                           protocol="ncacn_ip_tcp", dce=dce)
    dce.disconnect()
    return int(binding.partition("[")[2].rstrip("]"))


def as_we_list_it():
    return [(entry["name"], entry["smtp"], entry["dn"])
            for entry in here.json("-p", "interop", "gal")["entries"]]


def listed(dce, level=None):
    if level:
        dce.set_credentials(MODERN, here.password(MODERN), "CONTOSO")
        dce.set_auth_level(level)
    dce.connect()
    dce.bind(nspi.MSRPC_UUID_NSPI)
    try:
        return impacket_gal.rows(dce)
    finally:
        dce.disconnect()


def is_the_gal(found):
    """Every mailbox that is not hidden is there, by its address, and the list is the one we get."""
    tap.check(len(found) >= ENTRIES, f"only {len(found)} entries")
    addresses = {smtp.lower() for _, smtp, _ in found}
    for user in here.users.values():
        there = user["smtp"].lower() in addresses
        tap.check(there != user["hidden"], f"{user['smtp']}: listed {there}, hidden {user['hidden']}")
    tap.equal(found, as_we_list_it(), "the GAL")


def refused(attempt, *texts):
    try:
        attempt()
    except Exception as error:
        tap.check(any(text in str(error) for text in texts), f"another error: {error!r}")
        return
    raise AssertionError("was not refused")


def lists_the_gal_over_http_by_basic():
    is_the_gal(listed(over_http(AUTH_BASIC)))


def lists_the_gal_over_http_by_ntlm():
    is_the_gal(listed(over_http(AUTH_NTLM)))


def lists_the_gal_over_http_by_ntlm_with_privacy_inside():
    is_the_gal(listed(over_http(AUTH_NTLM), rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY))


def lists_the_gal_over_http_by_basic_with_integrity_inside():
    is_the_gal(listed(over_http(AUTH_BASIC), rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY))


def a_wrong_password_is_refused_over_http_by_basic():
    refused(over_http(AUTH_BASIC, "not-it").connect, "401")


def a_wrong_password_is_refused_over_http_by_ntlm():
    refused(over_http(AUTH_NTLM, "not-it").connect, "401")


def a_legacy_server_is_refused_over_http():
    refused(over_http(AUTH_BASIC, server=LEGACY).connect, "0x6ba")


def maps_the_store_over_tcp():
    tap.check(mapped("A4F1DB00-CA47-1067-B31F-00DD010662DA", "0.81") > 1024, "EMSMDB's port")


def maps_referral_over_tcp():
    tap.check(mapped("1544F5E0-613C-11D1-93DF-00C04FD7BD09", "1.0") > 1024, "RFR's port")


def an_interface_nobody_serves_is_not_mapped():
    refused(lambda: mapped("00000000-1111-2222-3333-444444444444", "1.0"),
            "ept_s_not_registered", "0x16c9a0d6")


def lists_the_gal_over_tcp_with_privacy():
    port = mapped("F5CC5A18-4264-101A-8C59-08002B2F8426", "56.0")
    is_the_gal(listed(over_tcp(port), rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY))


def a_wrong_password_is_refused_over_tcp():
    dce = over_tcp(mapped("F5CC5A18-4264-101A-8C59-08002B2F8426", "56.0"))
    dce.set_credentials(MODERN, "not-it", "CONTOSO")
    dce.set_auth_level(rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY)

    def attempt():
        dce.connect()
        dce.bind(nspi.MSRPC_UUID_NSPI)
        nspi.hNspiBind(dce)

    refused(attempt, "rpc_s_access_denied", "access_denied", "0x5")


tap.main(
    lists_the_gal_over_http_by_basic,
    lists_the_gal_over_http_by_ntlm,
    lists_the_gal_over_http_by_ntlm_with_privacy_inside,
    lists_the_gal_over_http_by_basic_with_integrity_inside,
    a_wrong_password_is_refused_over_http_by_basic,
    a_wrong_password_is_refused_over_http_by_ntlm,
    a_legacy_server_is_refused_over_http,
    maps_the_store_over_tcp,
    maps_referral_over_tcp,
    an_interface_nobody_serves_is_not_mapped,
    lists_the_gal_over_tcp_with_privacy,
    a_wrong_password_is_refused_over_tcp,
    prepare=prepare,
)
