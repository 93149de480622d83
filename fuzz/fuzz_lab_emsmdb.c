/* SPDX-License-Identifier: MIT */
/*
 * The lab's store against hostile clients: one session, any number of EcDoRpcExt2 calls. Input: for
 * each call the flags of the call (two bits: which server), a length of two bytes, the payload of
 * rgbIn; the room for the answer follows from the length. An answer must fit in its room and be
 * what a client can take apart.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "codec/rop_buffer.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/rop_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/onemapi-fuzz-XXXXXX";
static struct lab_mailstore *store;
static struct lab_org *org;

static void clean_up(void)
{
    static const char *const names[] = {"mail.db", "mail.db-wal", "mail.db-shm"};
    char path[64];

    lab_mailstore_close(store);
    lab_org_free(org);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void start(void)
{
    char why[256];

    if (store)
        return;
    org = lab_org_new(0);
    if (!org || !mkdtemp(dir) || !(store = lab_mailstore_open(dir, NULL, why, sizeof why)))
        abort();
    atexit(clean_up);
}

static void check_answer(const struct om_wr *out, uint32_t room)
{
    struct om__ext_buffer answer;
    struct om__rop_payload payload;
    struct om_arena a;

    if (out->failed || out->len > room)
        abort();
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    if (om__ext_decode(out->buf, out->len, &a, &answer, NULL) != OM_OK || !answer.count)
        abort();
    for (uint32_t i = 0; i < answer.count; i++)
        if (om__rop_payload_decode(answer.payloads[i].data, answer.payloads[i].size, &payload,
                                   NULL) != OM_OK)
            abort();
    om__arena_free(&a);
}

static void call_once(struct lab_call *call, struct lab_rop_session *s, uint8_t flags,
                      const uint8_t *p, size_t n)
{
    uint32_t room = n & 1 ? OM_MAX_ROP_OUT : (uint32_t)(64 + 16 * (n & 0xFF));
    struct om_wr in, out;
    size_t begin;

    om_wr_init(&in, OM_MAX_ROP_OUT);
    om_wr_init(&out, OM_MAX_ROP_OUT);
    begin = om__ext_begin(&in);
    om_wr_bytes(&in, p, n);
    om__ext_end(&in, begin, OM_EXT_LAST);
    call->server = &org->servers[flags >> 3 & 1];
    call->encrypted = (flags & 0x10) != 0;
    call->now_ms += 100;
    if (!in.failed && lab_rop_run(call, s, (struct om_binary){(uint32_t)in.len, in.buf}, flags & 7,
                                  room, &out) == 0)
        check_answer(&out, room);
    om_wr_free(&in);
    om_wr_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lab_misbehave behave;
    struct lab_rop_session session;
    struct lab_call call = {.misbehave = &behave};

    start();
    memset(&session, 0, sizeof session);
    call.org = org;
    call.mail = store;
    session.user = lab_org_by_alias(org, "admin");
    while (size >= 3) {
        size_t n = (size_t)(data[1] | data[2] << 8);
        uint8_t flags = data[0];

        data += 3;
        size -= 3;
        if (n > size)
            n = size;
        call_once(&call, &session, flags, data, n);
        data += n;
        size -= n;
    }
    lab_rop_session_free(&session);
    return 0;
}
