/* SPDX-License-Identifier: MIT */
/*
 * NTLM's three messages and the arithmetic of NTLMv2, both directions. [MS-NLMP] 2.2, 3.3.2, 3.4.
 *
 * Views borrow from the message decoded. Names are as they stand there: UTF-16LE when
 * OM_NTLM_UNICODE was negotiated, else bytes of an unknown code page (om__ntlm_text() converts).
 * The initiator of this program is gss-ntlmssp; what is here serves acceptors, and tests that open
 * captures. NTLMv1 and LM responses are decoded, never verified.
 */
#ifndef OM_CODEC_NTLMSSP_H
#define OM_CODEC_NTLMSSP_H

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

#define OM_NTLM_KEY_SIZE  16u
#define OM_NTLM_MAX_TOKEN 0x4000u /* one message; names and target info are 16-bit lengths */

/* NegotiateFlags, [MS-NLMP] 2.2.2.5 */
enum {
    OM_NTLM_UNICODE = 0x00000001,
    OM_NTLM_OEM = 0x00000002,
    OM_NTLM_REQUEST_TARGET = 0x00000004,
    OM_NTLM_SIGN = 0x00000010,
    OM_NTLM_SEAL = 0x00000020,
    OM_NTLM_DATAGRAM = 0x00000040,
    OM_NTLM_LM_KEY = 0x00000080,
    OM_NTLM_NTLM = 0x00000200,
    OM_NTLM_ANONYMOUS = 0x00000800,
    OM_NTLM_OEM_DOMAIN = 0x00001000,
    OM_NTLM_OEM_WORKSTATION = 0x00002000,
    OM_NTLM_ALWAYS_SIGN = 0x00008000,
    OM_NTLM_TARGET_TYPE_DOMAIN = 0x00010000,
    OM_NTLM_TARGET_TYPE_SERVER = 0x00020000,
    OM_NTLM_EXTENDED_SESSIONSECURITY = 0x00080000,
    OM_NTLM_IDENTIFY = 0x00100000,
    OM_NTLM_TARGET_INFO = 0x00800000,
    OM_NTLM_VERSION = 0x02000000,
    OM_NTLM_128 = 0x20000000,
    OM_NTLM_KEY_EXCH = 0x40000000,
};
#define OM_NTLM_56 0x80000000u

/* [MS-NLMP] 2.2.1.1; what follows the flags may be left out, as curl and others do */
struct om__ntlm_negotiate {
    uint32_t flags;
    struct om_binary domain, workstation; /* always OEM */
    bool has_version;
    uint8_t version[8];
};

/* [MS-NLMP] 2.2.1.2 */
struct om__ntlm_challenge {
    uint32_t flags;
    struct om_binary target_name;
    uint8_t challenge[8];
    struct om_binary target_info; /* AV pairs */
    bool has_version;
    uint8_t version[8];
};

/* [MS-NLMP] 2.2.1.3 */
struct om__ntlm_authenticate {
    uint32_t flags;
    struct om_binary lm_response, nt_response;
    struct om_binary domain, user, workstation;
    struct om_binary session_key; /* EncryptedRandomSessionKey */
    bool has_version;
    uint8_t version[8];
    bool has_mic; /* there is room for one before the payload; whether it counts is MsvAvFlags' */
    uint8_t mic[16];
};

#define OM_NTLM_MIC_OFFSET 72u /* of MIC in an AUTHENTICATE message that has one */

/* 1, 2 or 3; 0 when p is no NTLM message at all. */
unsigned om__ntlm_message_type(const uint8_t *p, size_t n);

om_status om__ntlm_negotiate_decode(const uint8_t *p, size_t n, struct om__ntlm_negotiate *m,
                                    struct om_error *err);
om_status om__ntlm_challenge_decode(const uint8_t *p, size_t n, struct om__ntlm_challenge *m,
                                    struct om_error *err);
om_status om__ntlm_authenticate_decode(const uint8_t *p, size_t n, struct om__ntlm_authenticate *m,
                                       struct om_error *err);

/* Append one message; the payload in the order of Microsoft's examples ([MS-NLMP] 4.2). */
om_status om__ntlm_negotiate_encode(struct om_wr *w, const struct om__ntlm_negotiate *m,
                                    struct om_error *err);
om_status om__ntlm_challenge_encode(struct om_wr *w, const struct om__ntlm_challenge *m,
                                    struct om_error *err);
om_status om__ntlm_authenticate_encode(struct om_wr *w, const struct om__ntlm_authenticate *m,
                                       struct om_error *err);

/* A name of a message with those flags as UTF-8, NUL-terminated, in the arena; NULL without memory.
 */
char *om__ntlm_text(struct om_arena *a, struct om_binary name, uint32_t flags);

/* AV pairs, [MS-NLMP] 2.2.2.1 */
enum om__ntlm_av_id {
    OM_NTLM_AV_EOL = 0,
    OM_NTLM_AV_NB_COMPUTER = 1,
    OM_NTLM_AV_NB_DOMAIN = 2,
    OM_NTLM_AV_DNS_COMPUTER = 3,
    OM_NTLM_AV_DNS_DOMAIN = 4,
    OM_NTLM_AV_DNS_TREE = 5,
    OM_NTLM_AV_FLAGS = 6,     /* 32 bits */
    OM_NTLM_AV_TIMESTAMP = 7, /* FILETIME */
    OM_NTLM_AV_SINGLE_HOST = 8,
    OM_NTLM_AV_TARGET_NAME = 9,       /* the SPN */
    OM_NTLM_AV_CHANNEL_BINDINGS = 10, /* MD5 of gss_channel_bindings_struct */
};
#define OM_NTLM_AV_FLAG_MIC 0x2u /* MsvAvFlags: the message has a MIC */

void om__ntlm_wr_av(struct om_wr *w, uint16_t id, const void *p, uint16_t n);
void om__ntlm_wr_av_text(struct om_wr *w, uint16_t id, const char *utf8);
/* The first pair of that id; false when there is none before the end of the list. */
bool om__ntlm_av_find(struct om_binary target_info, uint16_t id, struct om_binary *value);
/* Is it a list of whole pairs up to and including MsvAvEOL? */
bool om__ntlm_avs_valid(struct om_binary target_info);
/* The AV pairs inside an NTLMv2 response ([MS-NLMP] 2.2.2.7), to look for flags and bindings. */
struct om_binary om__ntlm_response_avs(struct om_binary nt_response);

/* MD4 of the password in UTF-16LE: NTOWFv1, [MS-NLMP] 3.3.1. As good as the password: wipe it. */
om_status om__ntlm_nt_hash(const char *password, uint8_t out[OM_NTLM_KEY_SIZE],
                           struct om_error *err);

/* NTOWFv2, [MS-NLMP] 3.3.2. Everything UTF-8; the user is upper-cased here. */
om_status om__ntlm_ntowf_v2(const char *password, const char *user, const char *domain,
                            uint8_t out[OM_NTLM_KEY_SIZE], struct om_error *err);

/*
 * NTProofStr: of `temp`, which is a response without its first 16 bytes. The session base key (and
 * with NTLMv2 the key exchange key, 3.4.5.1) is HMAC-MD5 of it.
 */
void om__ntlm_proof(const uint8_t ntowf[OM_NTLM_KEY_SIZE], const uint8_t challenge[8],
                    struct om_binary temp, uint8_t proof[OM_NTLM_KEY_SIZE]);
void om__ntlm_session_base_key(const uint8_t ntowf[OM_NTLM_KEY_SIZE],
                               const uint8_t proof[OM_NTLM_KEY_SIZE],
                               uint8_t key[OM_NTLM_KEY_SIZE]);

/* RC4 under the key exchange key: seals and opens EncryptedRandomSessionKey. */
void om__ntlm_rc4k(const uint8_t key[OM_NTLM_KEY_SIZE], const uint8_t in[OM_NTLM_KEY_SIZE],
                   uint8_t out[OM_NTLM_KEY_SIZE]);

/*
 * What an acceptor does with an AUTHENTICATE message: verifies the NTLMv2 response against NTOWFv2
 * of the account and gives the exported session key. MAPI_E_LOGON_FAILED, OM_CAUSE_BAD_CREDENTIALS,
 * when it does not match or is no NTLMv2 response.
 */
om_status om__ntlm_verify(const struct om__ntlm_authenticate *m, const uint8_t challenge[8],
                          const uint8_t ntowf[OM_NTLM_KEY_SIZE], uint8_t key[OM_NTLM_KEY_SIZE],
                          struct om_error *err);

/* MIC over the three messages, [MS-NLMP] 3.1.5.1.2; the third's own MIC counts as zeroes. */
om_status om__ntlm_mic(const uint8_t key[OM_NTLM_KEY_SIZE], struct om_binary negotiate,
                       struct om_binary challenge, struct om_binary authenticate,
                       uint8_t mic[OM_NTLM_KEY_SIZE], struct om_error *err);

/* MsvAvChannelBindings of a binding's application data ("tls-server-end-point:..."). 2.2.2.1 */
void om__ntlm_channel_binding(const void *data, size_t n, uint8_t out[16]);

/* SIGNKEY and SEALKEY with extended session security, [MS-NLMP] 3.4.5.2, 3.4.5.3 */
void om__ntlm_sign_key(const uint8_t key[OM_NTLM_KEY_SIZE], bool client,
                       uint8_t out[OM_NTLM_KEY_SIZE]);
void om__ntlm_seal_key(uint32_t flags, const uint8_t key[OM_NTLM_KEY_SIZE], bool client,
                       uint8_t out[OM_NTLM_KEY_SIZE]);

#endif
