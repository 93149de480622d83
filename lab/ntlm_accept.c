/* SPDX-License-Identifier: MIT */
#include "lab/ntlm_accept.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/filetime.h"
#include "base/guid.h"
#include "base/mem.h"
#include "codec/ntlmssp.h"

#define TARGET_INFO_MAX 1024u

/* What is granted if the client asks for it. */
#define GRANTED                                                                                    \
    (OM_NTLM_SIGN | OM_NTLM_SEAL | OM_NTLM_ALWAYS_SIGN | OM_NTLM_EXTENDED_SESSIONSECURITY |        \
     OM_NTLM_VERSION | OM_NTLM_128 | OM_NTLM_56 | OM_NTLM_KEY_EXCH)

static const uint8_t version[8] = {6, 3, 0x80, 0x25,
                                   0, 0, 0,    15}; /* Windows 6.3.9600, NTLM revision 15 */

void lab_ntlm_reset(struct lab_ntlm *n)
{
    free(n->negotiate);
    free(n->challenge);
    om__wipe(n->session_key, sizeof(n->session_key));
    *n = (struct lab_ntlm){0};
}

static uint8_t *copy(const uint8_t *p, size_t n)
{
    uint8_t *c = malloc(n ? n : 1);

    if (c && n)
        memcpy(c, p, n);
    return c;
}

/* "EX2013" of "ex2013.contoso.test": 15 characters, as NetBIOS has them. */
static void netbios_name(const char *host, char out[16])
{
    size_t i;

    for (i = 0; i < 15 && host[i] && host[i] != '.'; i++)
        out[i] = (char)toupper((unsigned char)host[i]);
    out[i] = 0;
}

/* [MS-NLMP] 2.2.2.1; with a timestamp clients send a MIC, 3.1.5.1.2. */
static void wr_target_info(struct om_wr *w, const char *host)
{
    uint64_t now = om__filetime_from_unix(time(NULL), 0);
    char netbios[16];

    netbios_name(host, netbios);
    om__ntlm_wr_av_text(w, OM_NTLM_AV_NB_DOMAIN, LAB_NETBIOS);
    om__ntlm_wr_av_text(w, OM_NTLM_AV_NB_COMPUTER, netbios);
    om__ntlm_wr_av_text(w, OM_NTLM_AV_DNS_DOMAIN, LAB_DOMAIN);
    om__ntlm_wr_av_text(w, OM_NTLM_AV_DNS_COMPUTER, host);
    om__ntlm_wr_av_text(w, OM_NTLM_AV_DNS_TREE, LAB_DOMAIN);
    om_wr_u16(w, OM_NTLM_AV_TIMESTAMP);
    om_wr_u16(w, 8);
    om_wr_u64(w, now);
    om__ntlm_wr_av(w, OM_NTLM_AV_EOL, NULL, 0);
}

/* [MS-NLMP] 3.2.5.1.1 */
static bool make_challenge(struct lab_ntlm *n, uint32_t asked, const char *host, struct om_wr *out)
{
    struct om__ntlm_challenge c = {.has_version = asked & OM_NTLM_VERSION};
    struct om_wr info, name;
    size_t at = out->len;
    bool ok;

    om_wr_init(&info, TARGET_INFO_MAX);
    om_wr_init(&name, TARGET_INFO_MAX);
    wr_target_info(&info, host);
    c.flags = (asked & GRANTED) | OM_NTLM_NTLM | OM_NTLM_TARGET_INFO | OM_NTLM_REQUEST_TARGET |
              OM_NTLM_TARGET_TYPE_DOMAIN |
              (asked & OM_NTLM_UNICODE ? OM_NTLM_UNICODE : OM_NTLM_OEM);
    if (c.flags & OM_NTLM_UNICODE)
        om_wr_utf16(&name, LAB_NETBIOS);
    else
        om_wr_bytes(&name, LAB_NETBIOS, strlen(LAB_NETBIOS));
    memcpy(c.version, version, sizeof(version));
    c.target_name = (struct om_binary){.cb = (uint32_t)name.len, .pb = name.buf};
    c.target_info = (struct om_binary){.cb = (uint32_t)info.len, .pb = info.buf};
    ok = !info.failed && !name.failed && om__random(c.challenge, sizeof(c.challenge)) &&
         om__ntlm_challenge_encode(out, &c, NULL) == OM_OK;
    if (ok) {
        n->challenge_len = out->len - at;
        n->challenge = copy(out->buf + at, n->challenge_len);
    }
    om_wr_free(&info);
    om_wr_free(&name);
    return n->challenge;
}

static bool take_negotiate(struct lab_ntlm *n, const char *host, const uint8_t *token, size_t size,
                           struct om_wr *out)
{
    struct om__ntlm_negotiate m;

    if (om__ntlm_negotiate_decode(token, size, &m, NULL) != OM_OK)
        return false;
    n->negotiate = copy(token, size);
    n->negotiate_len = size;
    return n->negotiate && make_challenge(n, m.flags, host, out);
}

/* The challenge is in the message we keep: [MS-NLMP] 2.2.1.2. */
static bool verify(struct lab_ntlm *n, const struct om__ntlm_authenticate *m, const char *user,
                   const char *domain)
{
    uint8_t ntowf[OM_NTLM_KEY_SIZE];
    struct om__ntlm_challenge c;
    bool ok;

    ok = om__ntlm_challenge_decode(n->challenge, n->challenge_len, &c, NULL) == OM_OK &&
         om__ntlm_ntowf_v2(n->user->password, user, domain, ntowf, NULL) == OM_OK &&
         om__ntlm_verify(m, c.challenge, ntowf, n->session_key, NULL) == OM_OK;
    om__wipe(ntowf, sizeof(ntowf));
    return ok;
}

/* [MS-NLMP] 3.2.5.1.2: when MsvAvFlags says there is a MIC, it must be there and right. */
static bool mic_holds(const struct lab_ntlm *n, const struct om__ntlm_authenticate *m,
                      const uint8_t *token, size_t size)
{
    struct om_binary avs = om__ntlm_response_avs(m->nt_response), value;
    uint8_t mic[OM_NTLM_KEY_SIZE];

    if (!om__ntlm_av_find(avs, OM_NTLM_AV_FLAGS, &value) || value.cb != 4 ||
        !(value.pb[0] & OM_NTLM_AV_FLAG_MIC))
        return true;
    return m->has_mic &&
           om__ntlm_mic(n->session_key,
                        (struct om_binary){.cb = (uint32_t)n->negotiate_len, .pb = n->negotiate},
                        (struct om_binary){.cb = (uint32_t)n->challenge_len, .pb = n->challenge},
                        (struct om_binary){.cb = (uint32_t)size, .pb = token}, mic,
                        NULL) == OM_OK &&
           om__equal_ct(mic, m->mic, sizeof(mic));
}

/* MsvAvChannelBindings, [MS-NLMP] 2.2.2.1; RFC 5929 4 */
static bool is_bound(const struct om__ntlm_authenticate *m, const uint8_t *binding)
{
    static const char prefix[] = "tls-server-end-point:";
    struct om_binary avs = om__ntlm_response_avs(m->nt_response), value;
    uint8_t data[sizeof(prefix) - 1 + 32], want[16];

    if (!binding || !om__ntlm_av_find(avs, OM_NTLM_AV_CHANNEL_BINDINGS, &value) ||
        value.cb != sizeof(want))
        return false;
    memcpy(data, prefix, sizeof(prefix) - 1);
    memcpy(data + sizeof(prefix) - 1, binding, 32);
    om__ntlm_channel_binding(data, sizeof(data), want);
    return om__equal_ct(want, value.pb, sizeof(want));
}

static bool take_authenticate(struct lab_ntlm *n, const struct lab_org *org, const uint8_t *token,
                              size_t size, const uint8_t *binding)
{
    struct om__ntlm_authenticate m;
    const char *user, *domain;
    struct om_arena a;
    bool ok = false;

    if (om__ntlm_authenticate_decode(token, size, &m, NULL) != OM_OK)
        return false;
    om__arena_init(&a, 4 * OM_NTLM_MAX_TOKEN);
    user = om__ntlm_text(&a, m.user, m.flags);
    domain = om__ntlm_text(&a, m.domain, m.flags);
    n->user = user && domain && *user ? lab_org_by_login(org, user, domain) : NULL;
    if (n->user)
        ok = verify(n, &m, user, domain) && mic_holds(n, &m, token, size);
    n->flags = m.flags;
    n->bound = is_bound(&m, binding);
    om__arena_free(&a);
    return ok;
}

enum lab_ntlm_state lab_ntlm_accept(struct lab_ntlm *n, const struct lab_org *org, const char *host,
                                    const uint8_t *token, size_t size, const uint8_t *binding,
                                    bool demand_binding, struct om_wr *out)
{
    bool ok = false;

    switch (om__ntlm_message_type(token, size)) {
    case 1: /* also instead of a third: the client begins anew */
        lab_ntlm_reset(n);
        ok = take_negotiate(n, host, token, size, out);
        n->state = LAB_NTLM_CHALLENGED;
        break;
    case 3:
        ok = n->state == LAB_NTLM_CHALLENGED && take_authenticate(n, org, token, size, binding) &&
             (n->bound || !demand_binding);
        n->state = LAB_NTLM_ACCEPTED;
        break;
    default:
        break;
    }
    if (!ok) {
        lab_ntlm_reset(n);
        n->state = LAB_NTLM_REFUSED;
    }
    return n->state;
}
