#!/usr/bin/python3
"""The address book's and the referral's stubs as this library writes them, read by impacket.

Each vector is read and written again by stub_peer; impacket has to find in the result what it
finds in the vector itself.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import tap

try:
    from impacket.dcerpc.v5 import nspi, oxabref
    from impacket.dcerpc.v5.dtypes import DWORD, ULONG
    from impacket.dcerpc.v5.ndr import NDRCALL
except ImportError as missing:
    nspi = None
    reason = str(missing)

VECTORS = HERE.parent / "golden" / "nspi"
PEER = sys.argv[1] if len(sys.argv) > 1 else "stub_peer"


def prepare():
    if not nspi:
        raise tap.Skip(reason)


def call(*fields):
    """A call that impacket does not declare, or not as [MS-OXNSPI] has it."""
    return type("Call", (NDRCALL,), {"structure": fields})


def rewritten(vector, kind):
    done = subprocess.run([PEER, kind], input=(VECTORS / f"{vector}.bin").read_bytes(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    tap.check(done.returncode == 0, f"stub_peer {kind}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def plain(value):
    """What impacket holds, without the referents, which are the writer's own."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if not hasattr(value, "fields"):
        return value
    if "ReferentID" in value.fields:
        present = value.fields["ReferentID"] != 0
        return plain(value.fields["Data"]) if present and "Data" in value.fields else present
    return {name: plain(field) for name, field in value.fields.items()}


def same(vector, kind, declared):
    """Both read as the same, and not as nothing."""
    theirs = plain(declared((VECTORS / f"{vector}.bin").read_bytes()))
    ours = plain(declared(rewritten(vector, kind)))
    tap.check(theirs, f"{vector}: impacket reads nothing")
    tap.equal(ours, theirs, vector)


def calls_of_a_session_are_read_alike():
    same("wire_1_bind_req", "bind_req", nspi.NspiBind)
    same("wire_1_bind_resp", "bind_resp", nspi.NspiBindResponse)
    same("wire_3_updatestat_req", "update_stat_req", nspi.NspiUpdateStat)
    same("wire_3_updatestat_resp", "update_stat_resp", nspi.NspiUpdateStatResponse)
    same("wire_5_querycolumns_req", "query_columns_req", nspi.NspiQueryColumns)
    same("wire_5_querycolumns_resp", "query_columns_resp", nspi.NspiQueryColumnsResponse)
    same("wire_6_queryrows_req", "query_rows_req", nspi.NspiQueryRows)
    same("wire_7_queryrows_req", "query_rows_req", nspi.NspiQueryRows)
    same("wire_8_unbind_req", "unbind_req", nspi.NspiUnbind)
    same("wire_8_unbind_resp", "unbind_resp", nspi.NspiUnbindResponse)


def rows_are_read_alike():
    same("wire_6_queryrows_resp", "query_rows_resp", nspi.NspiQueryRowsResponse)
    same("wire_7_queryrows_resp", "query_rows_resp", nspi.NspiQueryRowsResponse)
    same("ndr_queryrows_failed_resp", "query_rows_resp", nspi.NspiQueryRowsResponse)


def a_whole_gal_is_simplified_to_the_same_entries():
    def entries(data):
        response = nspi.NspiQueryRowsResponse(data)
        return [{tag: str(value) for tag, value in row.items()}
                for row in nspi.simplifyPropertyRowSet(response["ppRows"])]

    theirs = entries((VECTORS / "wire_7_queryrows_resp.bin").read_bytes())
    tap.equal(len(theirs), 6, "entries")
    tap.equal(entries(rewritten("wire_7_queryrows_resp", "query_rows_resp")), theirs, "entries")


def names_and_ids_are_read_alike():
    same("ndr_resolvenames_req", "resolve_names_req", nspi.NspiResolveNames)
    same("ndr_resolvenamesw_req", "resolve_names_w_req", nspi.NspiResolveNamesW)
    same("ndr_resolvenamesw_resp", "resolve_names_resp", nspi.NspiResolveNamesWResponse)
    same("ndr_dntomid_req", "dn_to_mid_req", nspi.NspiDNToMId)
    same("ndr_dntomid_resp", "dn_to_mid_resp", nspi.NspiDNToMIdResponse)


def matches_are_read_alike():
    same("ndr_getmatches_req", "get_matches_req", call(
        ("hRpc", nspi.handle_t), ("Reserved1", DWORD), ("pStat", nspi.STAT),
        ("pReserved", nspi.PPropertyTagArray_r), ("Reserved2", DWORD),
        ("Filter", nspi.PRestriction_r), ("lpPropName", nspi.PPropertyName_r),
        ("ulRequested", DWORD), ("pPropTags", nspi.PPropertyTagArray_r)))


def an_objects_properties_are_asked_for_alike():
    same("ndr_getprops_req", "get_props_req", call(
        ("hRpc", nspi.handle_t), ("dwFlags", DWORD), ("pStat", nspi.STAT),
        ("pPropTags", nspi.PPropertyTagArray_r)))


def values_of_every_type_are_read_alike():
    def values(data):
        row = nspi.NspiGetPropsResponse(data)["ppRows"]
        return {tag: repr(plain(value)) for tag, value in nspi.simplifyPropertyRow(row).items()}

    theirs = values((VECTORS / "ndr_getprops_resp.bin").read_bytes())
    tap.check(len(theirs) > 10, "too few values")
    tap.equal(values(rewritten("ndr_getprops_resp", "get_props_resp")), theirs, "values")


def referrals_are_read_alike():
    same("ndr_rfr_newdsa_req", "get_new_dsa_req", oxabref.RfrGetNewDSA)
    same("ndr_rfr_newdsa_resp", "get_new_dsa_resp",
         call(*oxabref.RfrGetNewDSAResponse.structure, ("ErrorCode", ULONG)))
    same("ndr_rfr_fqdn_req", "get_fqdn_req", oxabref.RfrGetFQDNFromServerDN)
    same("ndr_rfr_fqdn_resp", "get_fqdn_resp", oxabref.RfrGetFQDNFromServerDNResponse)


tap.main(calls_of_a_session_are_read_alike, rows_are_read_alike,
         a_whole_gal_is_simplified_to_the_same_entries, names_and_ids_are_read_alike,
         matches_are_read_alike, an_objects_properties_are_asked_for_alike,
         values_of_every_type_are_read_alike, referrals_are_read_alike, prepare=prepare)
