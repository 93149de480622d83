/* SPDX-License-Identifier: MIT */
/* Any NTLM message that decodes must encode to one that says the same; AV pairs and keys on top. */
#include <stdlib.h>
#include <string.h>

#include "codec/ntlmssp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

static void same(struct om_binary a, struct om_binary b)
{
    check(a.cb == b.cb);
    check(a.cb == 0 || memcmp(a.pb, b.pb, a.cb) == 0);
}

static void fuzz_negotiate(struct om_wr *w, const uint8_t *data, size_t size)
{
    struct om__ntlm_negotiate m, again;

    if (om__ntlm_negotiate_decode(data, size, &m, NULL) != OM_OK)
        return;
    check(om__ntlm_negotiate_encode(w, &m, NULL) == OM_OK);
    check(om__ntlm_negotiate_decode(w->buf, w->len, &again, NULL) == OM_OK);
    check(m.flags == again.flags);
    same(m.domain, again.domain);
    same(m.workstation, again.workstation);
}

static void fuzz_challenge(struct om_wr *w, const uint8_t *data, size_t size)
{
    struct om__ntlm_challenge m, again;
    struct om_binary av;

    if (om__ntlm_challenge_decode(data, size, &m, NULL) != OM_OK)
        return;
    check(om__ntlm_challenge_encode(w, &m, NULL) == OM_OK);
    check(om__ntlm_challenge_decode(w->buf, w->len, &again, NULL) == OM_OK);
    check(m.flags == again.flags && m.has_version == again.has_version);
    same(m.target_name, again.target_name);
    same(m.target_info, again.target_info);
    (void)om__ntlm_av_find(m.target_info, OM_NTLM_AV_TIMESTAMP, &av);
}

static void fuzz_authenticate(struct om_wr *w, const uint8_t *data, size_t size)
{
    static const uint8_t challenge[8], ntowf[OM_NTLM_KEY_SIZE];
    struct om__ntlm_authenticate m, again;
    uint8_t key[OM_NTLM_KEY_SIZE];

    if (om__ntlm_authenticate_decode(data, size, &m, NULL) != OM_OK)
        return;
    check(om__ntlm_authenticate_encode(w, &m, NULL) == OM_OK);
    check(om__ntlm_authenticate_decode(w->buf, w->len, &again, NULL) == OM_OK);
    check(m.flags == again.flags);
    same(m.nt_response, again.nt_response);
    same(m.user, again.user);
    same(m.session_key, again.session_key);
    (void)om__ntlm_response_avs(m.nt_response);
    (void)om__ntlm_verify(&m, challenge, ntowf, key, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr w;

    om_wr_init(&w, 0x100000);
    fuzz_negotiate(&w, data, size);
    om_wr_reset(&w);
    fuzz_challenge(&w, data, size);
    om_wr_reset(&w);
    fuzz_authenticate(&w, data, size);
    om_wr_free(&w);
    return 0;
}
