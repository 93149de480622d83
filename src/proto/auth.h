/* SPDX-License-Identifier: MIT */
/*
 * The initiator's side of a security exchange, for RPC binds and for `Authorization:` headers
 * alike: tokens in, tokens out, then protection of RPC PDUs. Each mechanism is a row of a table in
 * auth.c.
 *
 *     om__auth_new(&config, &auth, err);
 *     do om__auth_step(auth, in, n, &out, &n_out, err); ... send out, receive the next in ...
 *     while (!om__auth_complete(auth));
 *
 * Not thread-safe; one exchange per object.
 */
#ifndef OM_PROTO_AUTH_H
#define OM_PROTO_AUTH_H

#include "base/identity.h"
#include "codec/dcerpc.h"

struct om__auth;

enum om__auth_mech { OM_AUTH_MECH_NONE, OM_AUTH_MECH_NTLM, OM_AUTH_MECH_COUNT_ };

struct om__auth_config {
    enum om__auth_mech mech;
    enum om__rpc_level level;            /* for RPC; ignored by HTTP. NONE with OM_AUTH_MECH_NONE */
    const struct om__identity *identity; /* borrowed during om__auth_new() only */
    const char *service, *host; /* the SPN's parts: "exchangeMDB", "HTTP"; "mail.contoso.test" */
    /* application_data of the channel binding ("tls-server-end-point:" and the hash), or NULL */
    const uint8_t *channel_binding;
    size_t channel_binding_size;
};

/* Takes the password from the identity into the mechanism's own credential; no I/O, no token yet.
 */
om_status om__auth_new(const struct om__auth_config *config, struct om__auth **out,
                       struct om_error *err);
void om__auth_free(struct om__auth *auth); /* wipes; NULL-safe */

/*
 * One leg. `in` is the peer's token (n_in 0 on the first leg). *out is what to send, borrowed until
 * the next call on `auth`; its size may be 0 when there is nothing left to say. Errors: layer auth,
 * native the GSS major status, the detail its text. An exchange that failed cannot go on.
 */
om_status om__auth_step(struct om__auth *auth, const uint8_t *in, size_t n_in, const uint8_t **out,
                        size_t *n_out, struct om_error *err);
bool om__auth_complete(const struct om__auth *auth);

enum om__auth_mech om__auth_mech(const struct om__auth *auth);
const char *om__auth_name(const struct om__auth *auth); /* "NTLM"; static storage */
uint8_t om__auth_rpc_type(const struct om__auth *auth); /* enum om__rpc_auth_type */
enum om__rpc_level om__auth_level(const struct om__auth *auth);

/* Is the last token the client's, so that a bind ends with AUTH3 rather than alter_context? */
bool om__auth_ends_with_client(const struct om__auth *auth);

/* Bytes of auth_value in a request or response; 0 below packet integrity. Once complete. */
size_t om__auth_signature_size(const struct om__auth *auth);

/* One PDU to protect, in place. */
struct om__auth_pdu {
    uint8_t *pdu; /* from the common header to the end of sec_trailer */
    size_t size;
    size_t sealed_at; /* the stub with its padding */
    size_t sealed_size;
    bool header_sign; /* PFC_SUPPORT_HEADER_SIGN was agreed on; NTLM signs the header regardless */
    uint8_t *signature; /* auth_value */
    size_t signature_size;
};

/*
 * Signs, at privacy also seals; and the reverse, which fails with OM_CAUSE_BAD_SIGNATURE. At
 * connect neither does anything.
 */
om_status om__auth_protect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err);
om_status om__auth_unprotect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err);

/*
 * NTLM's protection of one PDU: both ends use it. The whole PDU is signed, header included, whether
 * or not header signing was agreed on.
 */
struct om__ntlm_session;
om_status om__auth_ntlm_protect(struct om__ntlm_session *s, enum om__rpc_level level,
                                struct om__auth_pdu *pdu, struct om_error *err);
om_status om__auth_ntlm_unprotect(struct om__ntlm_session *s, enum om__rpc_level level,
                                  struct om__auth_pdu *pdu, struct om_error *err);

#endif
