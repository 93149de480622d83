/* SPDX-License-Identifier: MIT */
#include "codec/ntlmssp.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf16.h"

static const uint8_t signature[8] = "NTLMSSP";

enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

/* Where the payload begins at least when what later versions put before it is there. */
enum {
    CHALLENGE_WITH_VERSION = 56,
    AUTHENTICATE_WITH_VERSION = OM_NTLM_MIC_OFFSET,
    AUTHENTICATE_WITH_MIC = OM_NTLM_MIC_OFFSET + 16,
};

/* The message being decoded: a cursor over its fixed part, and where the payload begins. */
struct message {
    struct om_rd r;
    size_t payload_at;
};

static void rd_begin(struct message *m, const uint8_t *p, size_t n, uint32_t type)
{
    const uint8_t *s;
    uint32_t t;

    om_rd_init(&m->r, p, n);
    m->payload_at = n;
    s = om_rd_bytes(&m->r, sizeof signature, "Signature");
    if (s)
        om_rd_check(&m->r, memcmp(s, signature, sizeof signature) == 0, s[0], "Signature");
    t = om_rd_u32(&m->r, "MessageType");
    om_rd_check(&m->r, t == type, t, "MessageType");
}

/* Len, MaxLen, BufferOffset, and the bytes they name. [MS-NLMP] 2.2.1 */
static struct om_binary rd_field(struct message *m, const char *field)
{
    struct om_binary b = {0};
    struct om_rd payload;
    uint32_t offset;

    b.cb = om_rd_u16(&m->r, field);
    om_rd_skip(&m->r, 2, field);
    offset = om_rd_u32(&m->r, field);
    if (!b.cb) /* the offset of nothing may be anything */
        return b;
    om_rd_init(&payload, m->r.base, (size_t)(m->r.end - m->r.base));
    om_rd_skip(&payload, offset, field);
    b.pb = om_rd_bytes(&payload, b.cb, field);
    om_rd_join(&m->r, &payload);
    if (offset < m->payload_at)
        m->payload_at = offset;
    if (!b.pb)
        b.cb = 0;
    return b;
}

unsigned om__ntlm_message_type(const uint8_t *p, size_t n)
{
    struct message m;

    for (unsigned type = NEGOTIATE; type <= AUTHENTICATE; type++) {
        rd_begin(&m, p, n, type);
        if (om_rd_ok(&m.r))
            return type;
    }
    return 0;
}

/* [MS-NLMP] 2.2.1.1. The names, and the version, may be missing altogether. */
om_status om__ntlm_negotiate_decode(const uint8_t *p, size_t n, struct om__ntlm_negotiate *out,
                                    struct om_error *err)
{
    struct message m;

    *out = (struct om__ntlm_negotiate){0};
    rd_begin(&m, p, n, NEGOTIATE);
    out->flags = om_rd_u32(&m.r, "NegotiateFlags");
    if (om_rd_left(&m.r))
        out->domain = rd_field(&m, "DomainNameFields");
    if (om_rd_left(&m.r))
        out->workstation = rd_field(&m, "WorkstationFields");
    out->has_version = out->flags & OM_NTLM_VERSION && om_rd_offset(&m.r) + 8 <= m.payload_at;
    if (out->has_version)
        om_rd_copy(&m.r, out->version, sizeof out->version, "Version");
    return om_rd_finish(&m.r, OM_LAYER_AUTH, "NTLM NEGOTIATE", err);
}

/* [MS-NLMP] 2.2.1.2 */
om_status om__ntlm_challenge_decode(const uint8_t *p, size_t n, struct om__ntlm_challenge *out,
                                    struct om_error *err)
{
    struct message m;

    *out = (struct om__ntlm_challenge){0};
    rd_begin(&m, p, n, CHALLENGE);
    out->target_name = rd_field(&m, "TargetNameFields");
    out->flags = om_rd_u32(&m.r, "NegotiateFlags");
    om_rd_copy(&m.r, out->challenge, sizeof out->challenge, "ServerChallenge");
    om_rd_skip(&m.r, 8, "Reserved");
    out->target_info = rd_field(&m, "TargetInfoFields");
    out->has_version = out->flags & OM_NTLM_VERSION && m.payload_at >= CHALLENGE_WITH_VERSION;
    if (out->has_version)
        om_rd_copy(&m.r, out->version, sizeof out->version, "Version");
    return om_rd_finish(&m.r, OM_LAYER_AUTH, "NTLM CHALLENGE", err);
}

/* [MS-NLMP] 2.2.1.3. Version and MIC are there when the payload begins behind them. */
om_status om__ntlm_authenticate_decode(const uint8_t *p, size_t n,
                                       struct om__ntlm_authenticate *out, struct om_error *err)
{
    struct message m;

    *out = (struct om__ntlm_authenticate){0};
    rd_begin(&m, p, n, AUTHENTICATE);
    out->lm_response = rd_field(&m, "LmChallengeResponseFields");
    out->nt_response = rd_field(&m, "NtChallengeResponseFields");
    out->domain = rd_field(&m, "DomainNameFields");
    out->user = rd_field(&m, "UserNameFields");
    out->workstation = rd_field(&m, "WorkstationFields");
    out->session_key = rd_field(&m, "EncryptedRandomSessionKeyFields");
    out->flags = om_rd_u32(&m.r, "NegotiateFlags");
    out->has_version = m.payload_at >= AUTHENTICATE_WITH_VERSION;
    out->has_mic = m.payload_at >= AUTHENTICATE_WITH_MIC;
    if (out->has_version)
        om_rd_copy(&m.r, out->version, sizeof out->version, "Version");
    if (out->has_mic)
        om_rd_copy(&m.r, out->mic, sizeof out->mic, "MIC");
    return om_rd_finish(&m.r, OM_LAYER_AUTH, "NTLM AUTHENTICATE", err);
}

/* Encoders: the fixed part with room for each field, then the payload, which fills the room. */

static size_t wr_begin(struct om_wr *w, uint32_t type)
{
    size_t begin = w->len;

    om_wr_bytes(w, signature, sizeof signature);
    om_wr_u32(w, type);
    return begin;
}

static size_t wr_field(struct om_wr *w)
{
    return om_wr_reserve(w, 8);
}

static void wr_payload(struct om_wr *w, size_t begin, size_t field, struct om_binary value)
{
    om_wr_patch_u16(w, field, value.cb);
    om_wr_patch_u16(w, field + 2, value.cb);
    om_wr_patch_u32(w, field + 4, w->len - begin);
    om_wr_bytes(w, value.pb, value.cb);
}

om_status om__ntlm_negotiate_encode(struct om_wr *w, const struct om__ntlm_negotiate *m,
                                    struct om_error *err)
{
    size_t begin = wr_begin(w, NEGOTIATE), domain, workstation;

    om_wr_u32(w, m->flags);
    domain = wr_field(w);
    workstation = wr_field(w);
    if (m->has_version)
        om_wr_bytes(w, m->version, sizeof m->version);
    wr_payload(w, begin, domain, m->domain);
    wr_payload(w, begin, workstation, m->workstation);
    return om_wr_finish(w, OM_LAYER_AUTH, "an NTLM NEGOTIATE", err);
}

om_status om__ntlm_challenge_encode(struct om_wr *w, const struct om__ntlm_challenge *m,
                                    struct om_error *err)
{
    size_t begin = wr_begin(w, CHALLENGE), target_name = wr_field(w), target_info;

    om_wr_u32(w, m->flags);
    om_wr_bytes(w, m->challenge, sizeof m->challenge);
    om_wr_zeros(w, 8);
    target_info = wr_field(w);
    if (m->has_version)
        om_wr_bytes(w, m->version, sizeof m->version);
    wr_payload(w, begin, target_name, m->target_name);
    wr_payload(w, begin, target_info, m->target_info);
    return om_wr_finish(w, OM_LAYER_AUTH, "an NTLM CHALLENGE", err);
}

om_status om__ntlm_authenticate_encode(struct om_wr *w, const struct om__ntlm_authenticate *m,
                                       struct om_error *err)
{
    size_t begin = wr_begin(w, AUTHENTICATE);
    size_t lm = wr_field(w), nt = wr_field(w), domain = wr_field(w), user = wr_field(w);
    size_t workstation = wr_field(w), key = wr_field(w);

    om_wr_u32(w, m->flags);
    if (m->has_version || m->has_mic)
        om_wr_bytes(w, m->version, sizeof m->version);
    if (m->has_mic)
        om_wr_bytes(w, m->mic, sizeof m->mic);
    wr_payload(w, begin, domain, m->domain);
    wr_payload(w, begin, user, m->user);
    wr_payload(w, begin, workstation, m->workstation);
    wr_payload(w, begin, lm, m->lm_response);
    wr_payload(w, begin, nt, m->nt_response);
    wr_payload(w, begin, key, m->session_key);
    return om_wr_finish(w, OM_LAYER_AUTH, "an NTLM AUTHENTICATE", err);
}

char *om__ntlm_text(struct om_arena *a, struct om_binary name, uint32_t flags)
{
    if (flags & OM_NTLM_UNICODE)
        return om__utf16_to_utf8_arena(a, name.pb, name.cb);
    return om__arena_strndup(a, name.pb ? (const char *)name.pb : "", name.cb);
}

/* AV_PAIR. [MS-NLMP] 2.2.2.1 */

void om__ntlm_wr_av(struct om_wr *w, uint16_t id, const void *p, uint16_t n)
{
    om_wr_u16(w, id);
    om_wr_u16(w, n);
    om_wr_bytes(w, p, n);
}

void om__ntlm_wr_av_text(struct om_wr *w, uint16_t id, const char *utf8)
{
    size_t length, start;

    om_wr_u16(w, id);
    length = om_wr_reserve(w, 2);
    start = w->len;
    om_wr_utf16(w, utf8);
    om_wr_patch_u16(w, length, w->len - start);
}

/* One pair; false at the end of the list, and where it breaks off. */
static bool rd_av(struct om_rd *r, uint16_t *id, struct om_binary *value)
{
    *id = om_rd_u16(r, "AvId");
    value->cb = om_rd_u16(r, "AvLen");
    value->pb = om_rd_bytes(r, value->cb, "Value");
    return om_rd_ok(r) && *id != OM_NTLM_AV_EOL;
}

bool om__ntlm_av_find(struct om_binary target_info, uint16_t id, struct om_binary *value)
{
    struct om_binary this_value;
    uint16_t this_id;
    struct om_rd r;

    om_rd_init(&r, target_info.pb, target_info.cb);
    while (rd_av(&r, &this_id, &this_value))
        if (this_id == id) {
            *value = this_value;
            return true;
        }
    return false;
}

bool om__ntlm_avs_valid(struct om_binary target_info)
{
    struct om_binary value;
    struct om_rd r;
    uint16_t id;

    om_rd_init(&r, target_info.pb, target_info.cb);
    while (rd_av(&r, &id, &value))
        ;
    return om_rd_ok(&r) && value.cb == 0;
}

/* NTLMv2_RESPONSE and NTLMv2_CLIENT_CHALLENGE. [MS-NLMP] 2.2.2.8, 2.2.2.7 */

static struct om_rd rd_response(struct om_binary response, struct om_binary *proof,
                                struct om_binary *temp)
{
    struct om_rd r, temp_rd;

    om_rd_init(&r, response.pb, response.cb);
    *proof = (struct om_binary){OM_NTLM_KEY_SIZE, om_rd_bytes(&r, OM_NTLM_KEY_SIZE, "NTProofStr")};
    *temp = (struct om_binary){(uint32_t)om_rd_left(&r), om_rd_ok(&r) ? r.pos : NULL};
    om_rd_init(&temp_rd, temp->pb, temp->cb);
    om_rd_check(&temp_rd, om_rd_u8(&temp_rd, "RespType") == 1, 0, "RespType");
    om_rd_check(&temp_rd, om_rd_u8(&temp_rd, "HiRespType") == 1, 0, "HiRespType");
    om_rd_skip(&temp_rd, 6 + 8 + 8 + 4, "TimeStamp, ChallengeFromClient");
    return temp_rd;
}

struct om_binary om__ntlm_response_avs(struct om_binary nt_response)
{
    struct om_binary proof, temp;
    struct om_rd r = rd_response(nt_response, &proof, &temp);

    return (struct om_binary){(uint32_t)om_rd_left(&r), om_rd_left(&r) ? r.pos : NULL};
}

/* Keys */

static void hmac(const uint8_t key[OM_NTLM_KEY_SIZE], const void *p, size_t n,
                 uint8_t out[OM_NTLM_KEY_SIZE])
{
    struct hmac_md5_ctx ctx;

    hmac_md5_set_key(&ctx, OM_NTLM_KEY_SIZE, key);
    hmac_md5_update(&ctx, n, p);
    hmac_md5_digest(&ctx, OM_NTLM_KEY_SIZE, out);
    om__wipe(&ctx, sizeof ctx);
}

/* Upper-cases UTF-16LE in place, by the simple case mapping of Unicode; surrogates stay. */
static void upper_case(uint8_t *p, size_t n)
{
    locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

    for (size_t i = 0; i + 1 < n; i += 2) {
        unsigned c = (unsigned)(p[i] | p[i + 1] << 8);

        if (unicode && (c < 0xD800 || c > 0xDFFF))
            c = (unsigned)towupper_l((wint_t)c, unicode);
        else if (c >= 'a' && c <= 'z')
            c -= 'a' - 'A';
        p[i] = (uint8_t)c;
        p[i + 1] = (uint8_t)(c >> 8);
    }
    if (unicode)
        freelocale(unicode);
}

om_status om__ntlm_nt_hash(const char *password, uint8_t out[OM_NTLM_KEY_SIZE],
                           struct om_error *err)
{
    struct md4_ctx ctx;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_STRING);
    w.wipe = true;
    om_wr_utf16(&w, password);
    st = om_wr_finish(&w, OM_LAYER_AUTH, "the NTLM hash of a password", err);
    if (st == OM_OK) {
        md4_init(&ctx);
        md4_update(&ctx, w.len, w.buf);
        md4_digest(&ctx, OM_NTLM_KEY_SIZE, out);
        om__wipe(&ctx, sizeof ctx);
    }
    om_wr_free(&w);
    return st;
}

/* [MS-NLMP] 3.3.2: HMAC_MD5(MD4(UNICODE(Passwd)), UNICODE(Uppercase(User) + UserDom)) */
om_status om__ntlm_ntowf_v2(const char *password, const char *user, const char *domain,
                            uint8_t out[OM_NTLM_KEY_SIZE], struct om_error *err)
{
    uint8_t hash[OM_NTLM_KEY_SIZE];
    om_status st = om__ntlm_nt_hash(password, hash, err);
    struct om_wr w;

    if (st != OM_OK)
        return st;
    om_wr_init(&w, OM_MAX_STRING);
    om_wr_utf16(&w, user);
    if (!w.failed)
        upper_case(w.buf, w.len);
    om_wr_utf16(&w, domain);
    st = om_wr_finish(&w, OM_LAYER_AUTH, "the NTLM name of an account", err);
    if (st == OM_OK)
        hmac(hash, w.buf, w.len, out);
    om_wr_free(&w);
    om__wipe(hash, sizeof hash);
    return st;
}

void om__ntlm_proof(const uint8_t ntowf[OM_NTLM_KEY_SIZE], const uint8_t challenge[8],
                    struct om_binary temp, uint8_t proof[OM_NTLM_KEY_SIZE])
{
    struct hmac_md5_ctx ctx;

    hmac_md5_set_key(&ctx, OM_NTLM_KEY_SIZE, ntowf);
    hmac_md5_update(&ctx, 8, challenge);
    hmac_md5_update(&ctx, temp.cb, temp.pb);
    hmac_md5_digest(&ctx, OM_NTLM_KEY_SIZE, proof);
    om__wipe(&ctx, sizeof ctx);
}

void om__ntlm_session_base_key(const uint8_t ntowf[OM_NTLM_KEY_SIZE],
                               const uint8_t proof[OM_NTLM_KEY_SIZE], uint8_t key[OM_NTLM_KEY_SIZE])
{
    hmac(ntowf, proof, OM_NTLM_KEY_SIZE, key);
}

void om__ntlm_rc4k(const uint8_t key[OM_NTLM_KEY_SIZE], const uint8_t in[OM_NTLM_KEY_SIZE],
                   uint8_t out[OM_NTLM_KEY_SIZE])
{
    struct arcfour_ctx ctx;

    arcfour_set_key(&ctx, OM_NTLM_KEY_SIZE, key);
    arcfour_crypt(&ctx, OM_NTLM_KEY_SIZE, out, in);
    om__wipe(&ctx, sizeof ctx);
}

/* [MS-NLMP] 3.2.5.1.2, for NTLMv2; 3.4.5.1: with it the key exchange key is the session base key */
om_status om__ntlm_verify(const struct om__ntlm_authenticate *m, const uint8_t challenge[8],
                          const uint8_t ntowf[OM_NTLM_KEY_SIZE], uint8_t key[OM_NTLM_KEY_SIZE],
                          struct om_error *err)
{
    uint8_t want[OM_NTLM_KEY_SIZE], base[OM_NTLM_KEY_SIZE];
    struct om_binary proof, temp;
    struct om_rd r = rd_response(m->nt_response, &proof, &temp);
    bool good;

    if (!om_rd_ok(&r))
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS,
                        OM_NATIVE_NONE, 0, "the NTLM response of %u bytes is not NTLMv2",
                        m->nt_response.cb);
    if (m->flags & OM_NTLM_KEY_EXCH && m->session_key.cb != OM_NTLM_KEY_SIZE)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "the NTLM session key has %u bytes instead of 16", m->session_key.cb);
    om__ntlm_proof(ntowf, challenge, temp, want);
    good = om__equal_ct(want, proof.pb, OM_NTLM_KEY_SIZE);
    if (good) {
        om__ntlm_session_base_key(ntowf, want, base);
        if (m->flags & OM_NTLM_KEY_EXCH)
            om__ntlm_rc4k(base, m->session_key.pb, key);
        else
            memcpy(key, base, OM_NTLM_KEY_SIZE);
        om__wipe(base, sizeof base);
    }
    om__wipe(want, sizeof want);
    if (good)
        return OM_OK;
    return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS,
                    OM_NATIVE_NONE, 0, "the NTLMv2 response does not match the password");
}

om_status om__ntlm_mic(const uint8_t key[OM_NTLM_KEY_SIZE], struct om_binary negotiate,
                       struct om_binary challenge, struct om_binary authenticate,
                       uint8_t mic[OM_NTLM_KEY_SIZE], struct om_error *err)
{
    static const uint8_t zeroes[16];
    const uint8_t *head, *tail;
    struct hmac_md5_ctx ctx;
    struct om_rd r;
    size_t left;

    om_rd_init(&r, authenticate.pb, authenticate.cb);
    head = om_rd_bytes(&r, OM_NTLM_MIC_OFFSET, "fixed part");
    om_rd_skip(&r, sizeof zeroes, "MIC");
    left = om_rd_left(&r);
    tail = om_rd_bytes(&r, left, "payload");
    if (!om_rd_ok(&r))
        return om_rd_finish(&r, OM_LAYER_AUTH, "NTLM AUTHENTICATE", err);
    hmac_md5_set_key(&ctx, OM_NTLM_KEY_SIZE, key);
    hmac_md5_update(&ctx, negotiate.cb, negotiate.pb);
    hmac_md5_update(&ctx, challenge.cb, challenge.pb);
    hmac_md5_update(&ctx, OM_NTLM_MIC_OFFSET, head);
    hmac_md5_update(&ctx, sizeof zeroes, zeroes);
    hmac_md5_update(&ctx, left, tail);
    hmac_md5_digest(&ctx, OM_NTLM_KEY_SIZE, mic);
    om__wipe(&ctx, sizeof ctx);
    return OM_OK;
}

/* RFC 2744 3.11: MD5 of the structure without addresses, its integers little-endian here */
void om__ntlm_channel_binding(const void *data, size_t n, uint8_t out[16])
{
    const uint8_t fixed[20] = {
        [16] = (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    struct md5_ctx ctx;

    md5_init(&ctx);
    md5_update(&ctx, sizeof fixed, fixed);
    md5_update(&ctx, n, data);
    md5_digest(&ctx, 16, out);
}

/* MD5(key, magic), the magic with its NUL. [MS-NLMP] 3.4.5.2, 3.4.5.3 */
static void derive(const uint8_t *key, size_t n, const char *magic, uint8_t out[OM_NTLM_KEY_SIZE])
{
    struct md5_ctx ctx;

    md5_init(&ctx);
    md5_update(&ctx, n, key);
    md5_update(&ctx, strlen(magic) + 1, (const uint8_t *)magic);
    md5_digest(&ctx, OM_NTLM_KEY_SIZE, out);
    om__wipe(&ctx, sizeof ctx);
}

void om__ntlm_sign_key(const uint8_t key[OM_NTLM_KEY_SIZE], bool client,
                       uint8_t out[OM_NTLM_KEY_SIZE])
{
    derive(key, OM_NTLM_KEY_SIZE,
           client ? "session key to client-to-server signing key magic constant"
                  : "session key to server-to-client signing key magic constant",
           out);
}

void om__ntlm_seal_key(uint32_t flags, const uint8_t key[OM_NTLM_KEY_SIZE], bool client,
                       uint8_t out[OM_NTLM_KEY_SIZE])
{
    size_t n = flags & OM_NTLM_128 ? 16 : flags & OM_NTLM_56 ? 7 : 5;

    derive(key, n,
           client ? "session key to client-to-server sealing key magic constant"
                  : "session key to server-to-client sealing key magic constant",
           out);
}
