/* SPDX-License-Identifier: MIT */
#include "proto/ntlm_session.h"

#include <string.h>

#include <nettle/hmac.h>

#include "base/err.h"
#include "base/mem.h"

enum { CHECKSUM_AT = 4, CHECKSUM_SIZE = 8, SEQUENCE_AT = 12 };

static void init_direction(struct om__ntlm_direction *d, const uint8_t *key, uint32_t flags,
                           bool client)
{
    uint8_t seal_key[OM_NTLM_KEY_SIZE];

    om__ntlm_sign_key(key, client, d->sign_key);
    om__ntlm_seal_key(flags, key, client, seal_key);
    arcfour_set_key(&d->rc4, sizeof seal_key, seal_key);
    om__wipe(seal_key, sizeof seal_key);
    d->sequence = 0;
}

om_status om__ntlm_session_init(struct om__ntlm_session *s, const uint8_t key[OM_NTLM_KEY_SIZE],
                                uint32_t flags, bool client, struct om_error *err)
{
    if (!(flags & OM_NTLM_EXTENDED_SESSIONSECURITY))
        return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_AUTH, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE,
                        0, "the peer does not offer NTLM's extended session security (0x%08X)",
                        flags);
    init_direction(&s->tx, key, flags, client);
    init_direction(&s->rx, key, flags, !client);
    s->key_exchange = flags & OM_NTLM_KEY_EXCH;
    return OM_OK;
}

void om__ntlm_session_wipe(struct om__ntlm_session *s)
{
    om__wipe(s, sizeof *s);
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

/* The first half of MAC(), [MS-NLMP] 3.4.4.2: HMAC_MD5(SigningKey, SeqNum and Message)[0..7] */
static void checksum(const struct om__ntlm_direction *d, const uint8_t *p, size_t n,
                     uint8_t out[CHECKSUM_SIZE])
{
    struct hmac_md5_ctx ctx;
    uint8_t sequence[4];

    put_u32(sequence, d->sequence);
    hmac_md5_set_key(&ctx, OM_NTLM_KEY_SIZE, d->sign_key);
    hmac_md5_update(&ctx, sizeof sequence, sequence);
    hmac_md5_update(&ctx, n, p);
    hmac_md5_digest(&ctx, CHECKSUM_SIZE, out);
    om__wipe(&ctx, sizeof ctx);
}

/* The second half: the checksum is sealed after the message, when keys were exchanged. */
static void finish(struct om__ntlm_direction *d, bool key_exchange, const uint8_t *sum,
                   uint8_t signature[OM_NTLM_SIGNATURE_SIZE])
{
    put_u32(signature, 1); /* Version */
    memcpy(signature + CHECKSUM_AT, sum, CHECKSUM_SIZE);
    if (key_exchange)
        arcfour_crypt(&d->rc4, CHECKSUM_SIZE, signature + CHECKSUM_AT, signature + CHECKSUM_AT);
    put_u32(signature + SEQUENCE_AT, d->sequence);
    d->sequence++;
}

void om__ntlm_session_protect(struct om__ntlm_session *s, uint8_t *p, size_t n, size_t sealed_at,
                              size_t sealed, uint8_t signature[OM_NTLM_SIGNATURE_SIZE])
{
    uint8_t sum[CHECKSUM_SIZE];

    checksum(&s->tx, p, n, sum);
    if (sealed)
        arcfour_crypt(&s->tx.rc4, sealed, p + sealed_at, p + sealed_at);
    finish(&s->tx, s->key_exchange, sum, signature);
}

bool om__ntlm_session_unprotect(struct om__ntlm_session *s, uint8_t *p, size_t n, size_t sealed_at,
                                size_t sealed, const uint8_t signature[OM_NTLM_SIGNATURE_SIZE])
{
    uint8_t want[OM_NTLM_SIGNATURE_SIZE], sum[CHECKSUM_SIZE];

    if (sealed)
        arcfour_crypt(&s->rx.rc4, sealed, p + sealed_at, p + sealed_at);
    checksum(&s->rx, p, n, sum);
    finish(&s->rx, s->key_exchange, sum, want);
    return om__equal_ct(want, signature, sizeof want);
}
