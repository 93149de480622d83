/* SPDX-License-Identifier: MIT */
/*
 * NTLM session security with extended session security: what signs and seals after the exchange.
 * [MS-NLMP] 3.4.2 to 3.4.4; [MS-RPCE] 3.3.1.5.2 for what of an RPC PDU is signed and what is
 * sealed.
 *
 * One structure serves one association: RC4 runs on from PDU to PDU, so PDUs are protected in the
 * order they are sent, and opened in the order they came.
 */
#ifndef OM_PROTO_NTLM_SESSION_H
#define OM_PROTO_NTLM_SESSION_H

#include <nettle/arcfour.h>

#include "codec/ntlmssp.h"

#define OM_NTLM_SIGNATURE_SIZE 16u

struct om__ntlm_direction {
    struct arcfour_ctx rc4;
    uint8_t sign_key[OM_NTLM_KEY_SIZE];
    uint32_t sequence;
};

struct om__ntlm_session {
    struct om__ntlm_direction tx, rx;
    bool key_exchange; /* the checksum is sealed too */
};

/*
 * key: the exported session key. flags: those of the AUTHENTICATE message. Fails with
 * MAPI_E_NO_SUPPORT, OM_CAUSE_UNSUPPORTED, without extended session security.
 */
om_status om__ntlm_session_init(struct om__ntlm_session *s, const uint8_t key[OM_NTLM_KEY_SIZE],
                                uint32_t flags, bool client, struct om_error *err);
void om__ntlm_session_wipe(struct om__ntlm_session *s);

/*
 * The signature is made over all of p[0..n) as it stands; then p[sealed_at .. sealed_at + sealed)
 * is sealed in place. sealed 0 signs only.
 */
void om__ntlm_session_protect(struct om__ntlm_session *s, uint8_t *p, size_t n, size_t sealed_at,
                              size_t sealed, uint8_t signature[OM_NTLM_SIGNATURE_SIZE]);

/* The reverse: opens in place, then compares. False: the signature does not match; stop using s. */
bool om__ntlm_session_unprotect(struct om__ntlm_session *s, uint8_t *p, size_t n, size_t sealed_at,
                                size_t sealed, const uint8_t signature[OM_NTLM_SIGNATURE_SIZE]);

#endif
