/* SPDX-License-Identifier: MIT */
#include "proto/auth.h"

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "proto/auth_mech.h"

/* No security: complete before it begins. */

static om_status none_start(struct om__auth *auth, const struct om__auth_config *config,
                            struct om_error *err)
{
    (void)config;
    (void)err;
    auth->complete = true;
    return OM_OK;
}

static om_status none_step(struct om__auth *auth, const uint8_t *in, size_t n_in,
                           struct om_error *err)
{
    (void)in;
    if (!n_in)
        return OM_OK;
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "a token of %zu bytes came where no security was asked for (%s)", n_in,
                    auth->ops->name);
}

static size_t none_signature_size(const struct om__auth *auth)
{
    (void)auth;
    return 0;
}

static om_status none_protect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err)
{
    (void)auth;
    (void)pdu;
    (void)err;
    return OM_OK;
}

static void none_stop(struct om__auth *auth)
{
    (void)auth;
}

static const struct om__auth_ops none = {
    .name = "none",
    .rpc_type = OM_RPC_AUTH_NONE,
    .ends_with_client = true,
    .start = none_start,
    .step = none_step,
    .signature_size = none_signature_size,
    .protect = none_protect,
    .unprotect = none_protect,
    .stop = none_stop,
};

static const struct om__auth_ops *const mechanisms[OM_AUTH_MECH_COUNT_] = {
    [OM_AUTH_MECH_NONE] = &none,
    [OM_AUTH_MECH_NTLM] = &om__auth_gss_ntlm,
};

om_status om__auth_new(const struct om__auth_config *config, struct om__auth **out,
                       struct om_error *err)
{
    struct om__auth *auth;
    om_status st;

    if ((unsigned)config->mech >= OM_AUTH_MECH_COUNT_)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_AUTH, OM_CAUSE_INTERNAL,
                        OM_NATIVE_NONE, 0, "security mechanism %u is not known", config->mech);
    auth = om__calloc(1, sizeof *auth);
    if (!auth)
        return om__fail_memory(err, "a security exchange");
    auth->mech = config->mech;
    auth->ops = mechanisms[config->mech];
    auth->level = config->mech == OM_AUTH_MECH_NONE ? OM_RPC_LEVEL_NONE : config->level;
    if (auth->level == OM_RPC_LEVEL_CALL) /* [MS-RPCE] 2.2.1.1.8: the client upgrades it */
        auth->level = OM_RPC_LEVEL_PACKET;
    om_wr_init(&auth->token, OM_MAX_AUTH_TOKEN);
    auth->token.wipe = true;
    st = auth->ops->start(auth, config, err);
    if (st != OM_OK) {
        om__auth_free(auth);
        return st;
    }
    *out = auth;
    return OM_OK;
}

void om__auth_free(struct om__auth *auth)
{
    if (!auth)
        return;
    auth->ops->stop(auth);
    om_wr_free(&auth->token);
    om__wipe_free(auth, sizeof *auth);
}

om_status om__auth_step(struct om__auth *auth, const uint8_t *in, size_t n_in, const uint8_t **out,
                        size_t *n_out, struct om_error *err)
{
    om_status st;

    if (auth->failed || (auth->complete && n_in))
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED,
                        OM_NATIVE_NONE, 0, "the server goes on with %s after it %s",
                        auth->ops->name, auth->failed ? "failed" : "was complete");
    if (n_in > OM_MAX_AUTH_TOKEN)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_AUTH, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "the server's token of %zu bytes is over the ceiling of %u", n_in,
                        OM_MAX_AUTH_TOKEN);
    om_wr_reset(&auth->token);
    st = auth->ops->step(auth, in, n_in, err);
    if (st != OM_OK) {
        auth->failed = true;
        auth->complete = false;
        return st;
    }
    *out = auth->token.buf;
    *n_out = auth->token.len;
    return OM_OK;
}

bool om__auth_complete(const struct om__auth *auth)
{
    return auth->complete;
}

enum om__auth_mech om__auth_mech(const struct om__auth *auth)
{
    return auth->mech;
}

const char *om__auth_name(const struct om__auth *auth)
{
    return auth->ops->name;
}

uint8_t om__auth_rpc_type(const struct om__auth *auth)
{
    return auth->ops->rpc_type;
}

enum om__rpc_level om__auth_level(const struct om__auth *auth)
{
    return auth->level;
}

bool om__auth_ends_with_client(const struct om__auth *auth)
{
    return auth->ops->ends_with_client;
}

size_t om__auth_signature_size(const struct om__auth *auth)
{
    if (!auth->complete || auth->level < OM_RPC_LEVEL_PACKET)
        return 0;
    return auth->ops->signature_size(auth);
}

om_status om__auth_protect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err)
{
    return om__auth_signature_size(auth) ? auth->ops->protect(auth, pdu, err) : OM_OK;
}

om_status om__auth_unprotect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err)
{
    return om__auth_signature_size(auth) ? auth->ops->unprotect(auth, pdu, err) : OM_OK;
}

om_status om__auth_ntlm_protect(struct om__ntlm_session *s, enum om__rpc_level level,
                                struct om__auth_pdu *pdu, struct om_error *err)
{
    size_t sealed = level >= OM_RPC_LEVEL_PRIVACY ? pdu->sealed_size : 0;

    if (pdu->signature_size != OM_NTLM_SIGNATURE_SIZE)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_AUTH, OM_CAUSE_INTERNAL, OM_NATIVE_NONE,
                        0, "room of %zu bytes for an NTLM signature", pdu->signature_size);
    om__ntlm_session_protect(s, pdu->pdu, pdu->size, pdu->sealed_at, sealed, pdu->signature);
    return OM_OK;
}

om_status om__auth_ntlm_unprotect(struct om__ntlm_session *s, enum om__rpc_level level,
                                  struct om__auth_pdu *pdu, struct om_error *err)
{
    size_t sealed = level >= OM_RPC_LEVEL_PRIVACY ? pdu->sealed_size : 0;

    if (pdu->signature_size == OM_NTLM_SIGNATURE_SIZE &&
        om__ntlm_session_unprotect(s, pdu->pdu, pdu->size, pdu->sealed_at, sealed, pdu->signature))
        return OM_OK;
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_BAD_SIGNATURE, OM_NATIVE_NONE,
                    0, "the signature of a PDU of %zu bytes does not match", pdu->size);
}
