/* SPDX-License-Identifier: MIT */
#include "support/rpc_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/filetime.h"
#include "codec/ntlmssp.h"

const struct om__rpc_syntax om_test_first = {{0x11111111, 1, 2, {1}}, 3, 0};
const struct om__rpc_syntax om_test_second = {{0x22222222, 1, 2, {2}}, 0, 81};
const struct om__rpc_interface om_test_interfaces[2] = {
    {{{0x11111111, 1, 2, {1}}, 3, 0}, "FIRST", NULL},
    {{{0x22222222, 1, 2, {2}}, 0, 81}, "SECOND", NULL},
};

static om_status challenge(struct om_test_acceptor *a, uint32_t asked, struct om_wr *out,
                           struct om_error *err)
{
    struct om__ntlm_challenge c = {.flags = (asked | OM_NTLM_TARGET_INFO | OM_NTLM_NTLM |
                                             OM_NTLM_TARGET_TYPE_SERVER | OM_NTLM_REQUEST_TARGET) &
                                            ~(uint32_t)(OM_NTLM_OEM | OM_NTLM_VERSION)};
    struct om_wr info, name;
    om_status st;

    om_wr_init(&info, 1024);
    om_wr_init(&name, 64);
    om_wr_utf16(&name, "SERVER");
    om__ntlm_wr_av_text(&info, OM_NTLM_AV_NB_DOMAIN, a->domain);
    om__ntlm_wr_av_text(&info, OM_NTLM_AV_NB_COMPUTER, "SERVER");
    om_wr_u16(&info, OM_NTLM_AV_TIMESTAMP); /* clients refuse one that is far from their own */
    om_wr_u16(&info, 8);
    om_wr_u64(&info, om__filetime_from_unix(time(NULL), 0));
    om__ntlm_wr_av(&info, OM_NTLM_AV_EOL, NULL, 0);
    memcpy(c.challenge, a->challenge, 8);
    c.target_name = (struct om_binary){(uint32_t)name.len, name.buf};
    c.target_info = (struct om_binary){(uint32_t)info.len, info.buf};
    st = om__ntlm_challenge_encode(out, &c, err);
    om_wr_free(&info);
    om_wr_free(&name);
    return st;
}

static void note(struct om_test_acceptor *a, const struct om__ntlm_authenticate *m)
{
    struct om_arena arena;
    struct om_binary av;

    om__arena_init(&arena, 4096);
    snprintf(a->seen_user, sizeof a->seen_user, "%s", om__ntlm_text(&arena, m->user, m->flags));
    snprintf(a->seen_domain, sizeof a->seen_domain, "%s",
             om__ntlm_text(&arena, m->domain, m->flags));
    om__arena_free(&arena);
    memset(a->seen_binding, 0, sizeof a->seen_binding);
    if (om__ntlm_av_find(om__ntlm_response_avs(m->nt_response), OM_NTLM_AV_CHANNEL_BINDINGS, &av) &&
        av.cb == 16)
        memcpy(a->seen_binding, av.pb, 16);
    a->flags = m->flags;
}

om_status om_test_accept(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                         struct om__rpc_accepted *accepted, struct om_error *err)
{
    struct om_test_acceptor *a = ctx;
    struct om__ntlm_authenticate m;
    struct om__ntlm_negotiate g;
    uint8_t ntowf[16];
    om_status st;

    if (a->step++ == 0) {
        st = om__ntlm_negotiate_decode(in, n, &g, err);
        return st == OM_OK ? challenge(a, g.flags, out, err) : st;
    }
    st = om__ntlm_authenticate_decode(in, n, &m, err);
    if (st != OM_OK)
        return st;
    note(a, &m);
    st = om__ntlm_ntowf_v2(a->password, a->seen_user, a->seen_domain, ntowf, err);
    if (st == OM_OK)
        st = om__ntlm_verify(&m, a->challenge, ntowf, accepted->key, err);
    accepted->complete = st == OM_OK;
    accepted->flags = m.flags;
    return st;
}

static void in_chunks(const uint8_t *p, size_t n, size_t chunk, void *to,
                      om_status (*feed)(void *to, const void *p, size_t n, struct om_error *err))
{
    for (size_t at = 0; at < n; at += chunk)
        if (feed(to, p + at, n - at < chunk ? n - at : chunk, NULL) != OM_OK)
            return;
}

static om_status feed_server(void *to, const void *p, size_t n, struct om_error *err)
{
    return om__rpc_server_feed(to, p, n, err);
}

static om_status feed_client(void *to, const void *p, size_t n, struct om_error *err)
{
    return om__rpc_assoc_feed(to, p, n, err);
}

void om_test_to_server(struct om_test_pair *p)
{
    const uint8_t *pdu;
    size_t n;

    for (;;) {
        size_t promised = om__rpc_assoc_output_size(p->client);

        if (!om__rpc_assoc_output(p->client, &pdu, &n)) {
            assert_int_equal(promised, 0);
            return;
        }
        assert_int_equal(n, promised);
        in_chunks(pdu, n, p->chunk ? p->chunk : n, p->server, feed_server);
    }
}

void om_test_to_client(struct om_test_pair *p)
{
    const uint8_t *pdu;
    size_t n;

    while (om__rpc_server_output(p->server, &pdu, &n)) {
        uint8_t *copy = malloc(n);

        assert_non_null(copy);
        memcpy(copy, pdu, n);
        if (p->mangle)
            p->mangle(copy, n, p->mangle_ctx);
        in_chunks(copy, n, p->chunk ? p->chunk : n, p->client, feed_client);
        free(copy);
    }
}
