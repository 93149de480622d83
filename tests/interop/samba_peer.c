/* SPDX-License-Identifier: MIT */
/*
 * Our RPC over TCP against a domain controller's directory replication service, DRSUAPI: found
 * through the endpoint mapper, bound with NTLM. [MS-DRSR] 4.1.3 (IDL_DRSBind), 4.1.4
 * (IDL_DRSCrackNames).
 *
 *     samba_peer HOST LEVEL USER PASSWORD map            prints the port of DRSUAPI
 *     samba_peer HOST LEVEL USER PASSWORD crack ACCOUNT  prints the account's distinguished name
 *
 * LEVEL is connect, integrity or privacy, as [MS-RPCE] 2.2.1.1.8 names them, or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "codec/epm.h"
#include "codec/ndr.h"
#include "net/rpc_conn.h"

#define DRS_BIND        0
#define DRS_CRACK_NAMES 12

/* e3514235-4b06-11d1-ab04-00c04fc2dcd2 4.0, [MS-DRSR] 1.9 */
static const struct om__rpc_syntax drsuapi = {
    .uuid = {0xe3514235, 0x4b06, 0x11d1, {0xab, 0x04, 0x00, 0xc0, 0x4f, 0xc2, 0xdc, 0xd2}},
    .major = 4,
};

struct peer {
    struct om__net net;
    struct om__identity identity;
    struct om__rpc_target target;
    struct om__rpc_conn *conn;
    struct om_arena arena;
    struct om_error *err;
};

static om_status open_peer(struct peer *p, const struct om__rpc_syntax *interface, uint16_t port)
{
    p->target.port = port;
    return om__rpc_conn_open(&p->net, &p->target, interface, om__net_deadline(&p->net), &p->conn,
                             p->err);
}

static om_status call(struct peer *p, uint16_t opnum, const struct om_wr *stub,
                      struct om_rd *answer)
{
    om_status st = om_wr_finish(stub, OM_LAYER_RPC, "request", p->err);

    if (OM_FAILED(st))
        return st;
    return om__rpc_conn_call(p->conn, 0, opnum, stub->buf, stub->len, om__net_deadline(&p->net),
                             answer, p->err);
}

/* Signs the endpoint mapper's own answer: any level will do there. */
static om_status map(struct peer *p, struct om_wr *stub)
{
    struct om__epm_map_response response;
    struct om__epm_map_request request;
    struct om_rd answer;
    uint16_t port;
    om_status st;

    st = open_peer(p, &om__epm_interface, OM_EPM_PORT);
    if (OM_FAILED(st))
        return st;
    om__epm_ask(&request, &drsuapi, OM_EPM_NCACN_IP_TCP);
    st = om__epm_map_request_encode(stub, &request, p->err);
    if (!OM_FAILED(st))
        st = call(p, OM_EPM_OPNUM_MAP, stub, &answer);
    if (!OM_FAILED(st))
        st = om__epm_map_response_decode(answer.pos, om_rd_left(&answer), &response, p->err);
    if (!OM_FAILED(st))
        st = om__epm_port(&response, OM_EPM_NCACN_IP_TCP, &port, p->err);
    if (!OM_FAILED(st))
        printf("%u\n", port);
    return st;
}

/* [MS-DRSR] 4.1.3: no client GUID, no extensions; the handle is what counts. */
static om_status drs_bind(struct peer *p, struct om_wr *stub, struct om__ndr_context *handle)
{
    struct om_rd answer;
    om_status st;

    om__ndr_wr_ptr(stub, false); /* puuidClientDsa */
    om__ndr_wr_ptr(stub, false); /* pextClient */
    st = call(p, DRS_BIND, stub, &answer);
    if (OM_FAILED(st))
        return st;
    if (om__ndr_rd_ptr(&answer, "ppextServer")) {
        /* DRS_EXTENSIONS: conformance, cb, rgb */
        om__ndr_rd_u32(&answer, "max_count");
        om_rd_skip(&answer, om__ndr_rd_u32(&answer, "cb"), "rgb");
    }
    *handle = om__ndr_rd_context(&answer, "phDrs");
    om_rd_check(&answer, om__ndr_rd_u32(&answer, "return value") == 0, 0, "return value");
    return om_rd_finish(&answer, OM_LAYER_RPC, "IDL_DRSBind", p->err);
}

/* DRS_MSG_CRACKREPLY_V1 with one item: its name, or an error. [MS-DRSR] 4.1.4.1.3 */
static om_status crack_answer(struct peer *p, struct om_rd *answer)
{
    const char *name = NULL;
    uint32_t status;

    om__ndr_rd_u32(answer, "pdwOutVersion");
    om__ndr_rd_u32(answer, "union");
    om_rd_check(answer, om__ndr_rd_ptr(answer, "pResult"), 0, "pResult");
    om__ndr_rd_u32(answer, "cItems");
    om__ndr_rd_ptr(answer, "rItems");
    om_rd_check(answer, om__ndr_rd_conformant(answer, 1, 12, "rItems") == 1, 0, "cItems");
    status = om__ndr_rd_u32(answer, "status");
    if (om_rd_ok(answer) && status != 0)
        return om__fail(p->err, MAPI_E_NOT_FOUND, OM_LAYER_RPC, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE,
                        status, "the directory does not know the account");
    bool domain = om__ndr_rd_ptr(answer, "pDomain");
    om_rd_check(answer, om__ndr_rd_ptr(answer, "pName"), 0, "pName");
    if (domain)
        om__ndr_rd_wstr(answer, &p->arena, 1024, "pDomain");
    name = om__ndr_rd_wstr(answer, &p->arena, 1024, "pName");
    om_rd_check(answer, om__ndr_rd_u32(answer, "return value") == 0, 0, "return value");
    om_rd_expect_end(answer, "end of the stub");
    if (om_rd_ok(answer))
        puts(name);
    return om_rd_finish(answer, OM_LAYER_RPC, "IDL_DRSCrackNames", p->err);
}

/* DRS_MSG_CRACKREQ_V1: NT4 name (2) to distinguished name (1). [MS-DRSR] 4.1.4.1.1 */
static om_status crack(struct peer *p, struct om_wr *stub, const char *account)
{
    static const uint32_t numbers[] = {1 /* dwInVersion */, 1 /* union */, 0, 0, 0, 2, 1, 1};
    struct om__ndr_context handle;
    struct om_rd answer;
    om_status st;

    st = open_peer(p, &drsuapi, 0);
    if (!OM_FAILED(st))
        st = drs_bind(p, stub, &handle);
    if (OM_FAILED(st))
        return st;
    om_wr_reset(stub);
    om__ndr_wr_context(stub, &handle);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        om__ndr_wr_u32(stub, numbers[i]);
    om__ndr_wr_ptr(stub, true);
    om__ndr_wr_conformant(stub, 1);
    om__ndr_wr_ptr(stub, true);
    om__ndr_wr_wstr(stub, account);
    st = call(p, DRS_CRACK_NAMES, stub, &answer);
    if (OM_FAILED(st))
        return st;
    return crack_answer(p, &answer);
}

static int level_of(const char *name)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {{"none", 0}, {"connect", 2}, {"integrity", 5}, {"privacy", 6}};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (!strcmp(name, levels[i].name))
            return levels[i].level;
    return -1;
}

static om_status work(struct peer *p, char **argv)
{
    struct om_wr stub;
    om_status st;

    st = om__net_init(&p->net, p->err);
    if (OM_FAILED(st))
        return st;
    p->net.timeout_ms = 20000;
    st = om__identity_parse(argv[3], argv[4], &p->identity, p->err);
    if (OM_FAILED(st))
        return st;
    om__arena_init(&p->arena, OM_MAX_RPC_STUB);
    om_wr_init(&stub, OM_MAX_RPC_STUB);
    st = strcmp(argv[5], "map") ? crack(p, &stub, argv[6]) : map(p, &stub);
    om_wr_free(&stub);
    om__arena_free(&p->arena);
    om__rpc_conn_close(p->conn);
    return st;
}

int main(int argc, char **argv)
{
    struct om_error err = OM_ERROR_INIT;
    struct peer peer = {.err = &err};
    char text[1024];
    om_status st;
    int level;

    if (argc < 6 || (strcmp(argv[5], "map") && argc != 7) || (level = level_of(argv[2])) < 0) {
        fputs("usage: samba_peer HOST LEVEL USER PASSWORD map | crack ACCOUNT\n", stderr);
        return 2;
    }
    peer.target = (struct om__rpc_target){
        .transport = OM_TRANSPORT_TCP,
        .server = argv[1],
        .rpc_auth = level ? OM_AUTH_MECH_NTLM : OM_AUTH_MECH_NONE,
        .rpc_level = (enum om__rpc_level)level,
        .rpc_identity = level ? &peer.identity : NULL,
    };
    st = work(&peer, argv);
    om__identity_free(&peer.identity);
    om__net_free(&peer.net);
    if (!OM_FAILED(st))
        return 0;
    om_error_format(&err, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return 1;
}
