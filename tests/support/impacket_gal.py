"""Listing the lab's address book with impacket, which nobody here wrote."""

from impacket.dcerpc.v5 import nspi, transport

PROXY = "mail.contoso.test"

DISPLAY_NAME, SMTP, DN = 0x3001001F, 0x39FE001F, 0x3003001F
END_OF_TABLE = 2  # MID_END_OF_TABLE, [MS-OXNSPI] 2.2.1.8


def over_http(lab, alias, auth, password=None, server=None):
    """A connection for alias through the lab's RPC proxy to NSPI, not yet open."""
    address, port = lab.address(PROXY, 443)
    wire = transport.HTTPTransport(server or lab.users[alias]["personalized_id"], 6004)
    wire.set_rpc_proxy_url(f"https://{address}:{port}/rpc/rpcproxy.dll")
    wire.set_auth_type(auth)
    wire.set_credentials(alias, password or lab.password(alias), "CONTOSO")
    return wire.get_dce_rpc()


def over_tcp(lab, alias, host, port):
    address, _ = lab.address(host, 135)
    wire = transport.TCPTransport(address, port)
    wire.set_credentials(alias, lab.password(alias), "CONTOSO")
    return wire.get_dce_rpc()


def rows(dce, columns=(DISPLAY_NAME, SMTP, DN), count=50):
    """The whole GAL, page after page, on a bound connection: [(value of each column or "")]."""
    found = []
    bound = nspi.hNspiBind(dce)
    stat = nspi.STAT()
    stat["CodePage"] = 1252
    while True:
        answer = nspi.hNspiQueryRows(dce, bound["contextHandle"], pStat=stat, Count=count,
                                     pPropTags=list(columns))
        for row in nspi.simplifyPropertyRowSet(answer["ppRows"]):
            found.append(tuple(row.get(column, "") for column in columns))
        stat = answer["pStat"]
        if stat["CurrentRec"] == END_OF_TABLE:
            nspi.hNspiUnbind(dce, bound["contextHandle"])
            return found
