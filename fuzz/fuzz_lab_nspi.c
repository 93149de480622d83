/* SPDX-License-Identifier: MIT */
/*
 * The lab's address book against hostile clients: after a bind, any number of calls on one
 * association. Input: for each call an operation, a length of two bytes, the stub; the session's
 * handle is put in for the client, that the calls get past its check. Whatever is answered must be
 * what a client can read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/nspi.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/service.h"

#define CONTEXT_BYTES 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads an answer as a client does. */
#define READS(name)                                                                                \
    static void reads_##name(struct om_rd *r, struct om_arena *a)                                  \
    {                                                                                              \
        struct om__nspi_##name##_answer m;                                                         \
        om__nspi_rd_##name##_resp(r, a, &m);                                                       \
    }
#define om__nspi_unbind_answer            om__nspi_unbind_resp
#define om__nspi_update_stat_answer       om__nspi_update_stat_resp
#define om__nspi_query_rows_answer        om__nspi_rows_resp
#define om__nspi_seek_entries_answer      om__nspi_rows_resp
#define om__nspi_get_matches_answer       om__nspi_get_matches_resp
#define om__nspi_dn_to_mid_answer         om__nspi_tags_resp
#define om__nspi_get_props_answer         om__nspi_get_props_resp
#define om__nspi_get_special_table_answer om__nspi_get_special_table_resp
#define om__nspi_query_columns_answer     om__nspi_tags_resp
#define om__nspi_resolve_names_answer     om__nspi_resolve_names_resp
#define om__nspi_bind_answer              om__nspi_bind_resp
READS(bind)
READS(unbind)
READS(update_stat)
READS(query_rows)
READS(seek_entries)
READS(get_matches)
READS(dn_to_mid)
READS(get_props)
READS(get_special_table)
READS(query_columns)
READS(resolve_names)

static void (*const readers[])(struct om_rd *r, struct om_arena *a) = {
    [OM_NSPI_BIND] = reads_bind,
    [OM_NSPI_UNBIND] = reads_unbind,
    [OM_NSPI_UPDATE_STAT] = reads_update_stat,
    [OM_NSPI_QUERY_ROWS] = reads_query_rows,
    [OM_NSPI_SEEK_ENTRIES] = reads_seek_entries,
    [OM_NSPI_GET_MATCHES] = reads_get_matches,
    [OM_NSPI_DN_TO_MID] = reads_dn_to_mid,
    [OM_NSPI_GET_PROPS] = reads_get_props,
    [OM_NSPI_GET_SPECIAL_TABLE] = reads_get_special_table,
    [OM_NSPI_QUERY_COLUMNS] = reads_query_columns,
    [OM_NSPI_RESOLVE_NAMES] = reads_resolve_names,
    [OM_NSPI_RESOLVE_NAMES_W] = reads_resolve_names,
};

static void call_once(struct lab_call *call, uint8_t opnum, const uint8_t *stub, size_t n)
{
    struct om_rd in, answer;
    struct om_arena a;
    struct om_wr out;
    uint32_t fault = 0;

    om_rd_init(&in, stub, n);
    om_wr_init(&out, OM_MAX_RPC_STUB);
    lab_nspi_interface.handler(call, opnum, &in, &out, &fault);
    if (!fault && om_rd_ok(&in)) {
        if (out.failed || opnum >= sizeof readers / sizeof readers[0] || !readers[opnum])
            abort();
        om__arena_init(&a, 64u << 20);
        om_rd_init(&answer, out.buf, out.len);
        readers[opnum](&answer, &a);
        if (!om_rd_ok(&answer))
            abort();
        om__arena_free(&a);
    }
    om_wr_free(&out);
}

/* The bytes of a handle that is good on this association. */
static void bind_first(struct lab_call *call, uint8_t handle[CONTEXT_BYTES])
{
    static const struct om__nspi_bind_req req = {.stat = {.code_page = 1252}};
    struct om_wr in, out;
    struct om_rd stub;
    uint32_t fault = 0;

    om_wr_init(&in, 1024);
    om_wr_init(&out, 1024);
    om__nspi_wr_bind_req(&in, &req);
    om_rd_init(&stub, in.buf, in.len);
    lab_nspi_interface.handler(call, OM_NSPI_BIND, &stub, &out, &fault);
    if (fault || out.len < CONTEXT_BYTES + 8)
        abort();
    memcpy(handle, out.buf + 4, CONTEXT_BYTES); /* behind the NULL server GUID */
    om_wr_free(&in);
    om_wr_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lab_org *org;
    static const struct lab_misbehave behave;
    uint8_t handle[CONTEXT_BYTES];
    struct lab_call call = {.misbehave = &behave};
    void *state = NULL;

    if (!org && !(org = lab_org_new(100)))
        abort();
    call.org = org;
    call.server = &org->servers[0];
    call.caller = lab_org_by_alias(org, "alice");
    call.state = &state;
    bind_first(&call, handle);
    while (size >= 3) {
        uint8_t opnum = data[0];
        size_t n = (size_t)(data[1] | data[2] << 8);
        uint8_t *stub;

        data += 3;
        size -= 3;
        if (n > size)
            n = size;
        stub = malloc(n ? n : 1);
        if (!stub)
            abort();
        memcpy(stub, data, n);
        if (opnum != OM_NSPI_BIND && n >= CONTEXT_BYTES)
            memcpy(stub, handle, CONTEXT_BYTES);
        call_once(&call, opnum, stub, n);
        free(stub);
        data += n;
        size -= n;
    }
    if (state)
        lab_nspi_interface.closed(org, state);
    return 0;
}
