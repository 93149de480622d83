/* SPDX-License-Identifier: MIT */
/* The inside of struct om__auth, for the files that implement its mechanisms. */
#ifndef OM_PROTO_AUTH_MECH_H
#define OM_PROTO_AUTH_MECH_H

#include <gssapi/gssapi.h>

#include "proto/auth.h"
#include "proto/ntlm_session.h"

struct om__auth_ops {
    const char *name;
    uint8_t rpc_type;
    bool ends_with_client;
    om_status (*start)(struct om__auth *auth, const struct om__auth_config *config,
                       struct om_error *err);
    /* One leg: writes auth->token, sets auth->complete. */
    om_status (*step)(struct om__auth *auth, const uint8_t *in, size_t n_in, struct om_error *err);
    size_t (*signature_size)(const struct om__auth *auth);
    om_status (*protect)(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err);
    om_status (*unprotect)(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err);
    void (*stop)(struct om__auth *auth);
};

struct om__auth {
    const struct om__auth_ops *ops;
    enum om__auth_mech mech;
    enum om__rpc_level level;
    bool complete, failed;
    struct om_wr token; /* the last one made */

    /* GSSAPI mechanisms */
    gss_cred_id_t credential;
    gss_name_t target;
    gss_ctx_id_t context;
    uint8_t *binding; /* application_data of the channel binding */
    size_t binding_size;

    struct om__ntlm_session ntlm;
};

extern const struct om__auth_ops om__auth_gss_ntlm;

#endif
