/* SPDX-License-Identifier: MIT */
/*
 * Mechanisms by GSSAPI. NTLM's tokens are gss-ntlmssp's; it has no gss_wrap_iov, so the session key
 * is taken from it and PDUs are protected by ntlm_session.
 */
#include <stdio.h>
#include <string.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_ntlmssp.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "proto/auth_mech.h"

/* GSSAPI takes it without const and only reads it. */
static gss_OID_desc ntlm_oid = {GSS_NTLMSSP_OID_LENGTH, (char[]){GSS_NTLMSSP_OID_STRING}};

static void display(OM_uint32 code, int kind, gss_OID mech, char *buf, size_t size)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, more = 0;

    if (gss_display_status(&minor, code, kind, mech, &more, &text) == GSS_S_COMPLETE)
        snprintf(buf, size, "%.*s", (int)text.length, (const char *)text.value);
    else
        snprintf(buf, size, "0x%08X", code);
    gss_release_buffer(&minor, &text);
}

static enum om_cause cause_of(OM_uint32 major)
{
    switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_BAD_MECH:
    case GSS_S_UNAVAILABLE:
        return OM_CAUSE_UNSUPPORTED;
    case GSS_S_NO_CRED:
    case GSS_S_DEFECTIVE_CREDENTIAL:
    case GSS_S_CREDENTIALS_EXPIRED:
        return OM_CAUSE_NO_CREDENTIALS;
    case GSS_S_DEFECTIVE_TOKEN:
        return OM_CAUSE_PROTOCOL;
    default:
        return OM_CAUSE_AUTH_FAILED;
    }
}

static om_status fail_gss(struct om_error *err, const char *call, OM_uint32 major, OM_uint32 minor)
{
    enum om_cause cause = cause_of(major);
    char what[100], why[100];

    display(major, GSS_C_GSS_CODE, GSS_C_NO_OID, what, sizeof what);
    display(minor, GSS_C_MECH_CODE, &ntlm_oid, why, sizeof why);
    return om__fail(err, cause == OM_CAUSE_UNSUPPORTED ? MAPI_E_NO_SUPPORT : MAPI_E_LOGON_FAILED,
                    OM_LAYER_AUTH, cause, OM_NATIVE_GSS, major, "%s: %s (%s)", call, what, why);
}

static om_status import(const char *text, gss_OID type, gss_name_t *name, struct om_error *err)
{
    gss_buffer_desc buffer = {strlen(text), NULL};
    char *copy = om__strdup(text); /* gss_buffer_desc wants it writable */
    OM_uint32 major, minor;

    if (!copy)
        return om__fail_memory(err, "a GSSAPI name");
    buffer.value = copy;
    major = gss_import_name(&minor, &buffer, type, name);
    om__free(copy);
    return GSS_ERROR(major) ? fail_gss(err, "gss_import_name", major, minor) : OM_OK;
}

/*
 * The user as gss-ntlmssp splits it: DOMAIN\user. An empty domain keeps the @ of a UPN in the user
 * name, so that the server resolves the suffix; without it the suffix would be sent as the domain.
 */
static om_status import_user(const struct om__identity *id, gss_name_t *name, struct om_error *err)
{
    bool upn = !id->domain[0] && strchr(id->user, '@');
    char text[600];
    int n = snprintf(text, sizeof text, "%s%s%s", id->domain, upn || id->domain[0] ? "\\" : "",
                     id->user);

    if (n < 0 || (size_t)n >= sizeof text)
        return om__fail(err, MAPI_E_STRING_TOO_LONG, OM_LAYER_AUTH, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "a user name of %d bytes is too long", n);
    return import(text, GSS_C_NT_USER_NAME, name, err);
}

/*
 * The credential is made from the NT hash, not the password: gss-ntlmssp 1.2 loads OpenSSL's legacy
 * provider to hash a password and never gives it back, 6 KiB for each logon.
 */
static om_status acquire(struct om__auth *auth, const struct om__identity *id, struct om_error *err)
{
    uint8_t hash[OM_NTLM_KEY_SIZE];
    char hex[2 * OM_NTLM_KEY_SIZE + 1];
    gss_key_value_element_desc element = {GSS_NTLMSSP_CS_NTHASH, hex};
    const gss_key_value_set_desc store = {1, &element};
    gss_OID_set_desc mechs = {1, &ntlm_oid};
    gss_name_t user = GSS_C_NO_NAME;
    OM_uint32 major, minor, ignored;
    om_status st = import_user(id, &user, err);

    if (st != OM_OK)
        return st;
    st = om__ntlm_nt_hash(id->password, hash, err);
    if (st == OM_OK) {
        om__hex_format(hash, sizeof hash, false, hex);
        major = gss_acquire_cred_from(&minor, user, GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE,
                                      &store, &auth->credential, NULL, NULL);
        if (GSS_ERROR(major))
            st = fail_gss(err, "gss_acquire_cred_from", major, minor);
    }
    om__wipe(hash, sizeof hash);
    om__wipe(hex, sizeof hex);
    gss_release_name(&ignored, &user);
    return st;
}

static om_status ntlm_start(struct om__auth *auth, const struct om__auth_config *config,
                            struct om_error *err)
{
    char spn[400];
    int n = snprintf(spn, sizeof spn, "%s@%s", config->service, config->host);
    om_status st;

    if (!config->identity || !config->identity->password)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_NO_CREDENTIALS,
                        OM_NATIVE_NONE, 0, "NTLM needs a user name and a password");
    if (n < 0 || (size_t)n >= sizeof spn)
        return om__fail(err, MAPI_E_STRING_TOO_LONG, OM_LAYER_AUTH, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "a host name of %d bytes is too long", n);
    if (config->channel_binding) {
        auth->binding = om__malloc(config->channel_binding_size);
        if (!auth->binding)
            return om__fail_memory(err, "a channel binding");
        memcpy(auth->binding, config->channel_binding, config->channel_binding_size);
        auth->binding_size = config->channel_binding_size;
    }
    st = acquire(auth, config->identity, err);
    return st == OM_OK ? import(spn, GSS_C_NT_HOSTBASED_SERVICE, &auth->target, err) : st;
}

/* What the level asks of the mechanism. [MS-RPCE] 3.3.1.5.2.1; DCE_STYLE: the three legs of RPC */
static OM_uint32 wanted_flags(enum om__rpc_level level)
{
    OM_uint32 flags = 0;

    if (level > OM_RPC_LEVEL_NONE)
        flags |= GSS_C_DCE_STYLE;
    if (level >= OM_RPC_LEVEL_PACKET)
        flags |= GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG;
    if (level >= OM_RPC_LEVEL_PRIVACY)
        flags |= GSS_C_CONF_FLAG;
    return flags;
}

/*
 * Nothing protects the flags of raw NTLM on their way: whoever can change them could have us seal
 * with 40 bits, or not at all.
 */
static om_status check_strength(enum om__rpc_level level, uint32_t flags, struct om_error *err)
{
    uint32_t wanted = OM_NTLM_SIGN | OM_NTLM_EXTENDED_SESSIONSECURITY, lacking;

    if (level >= OM_RPC_LEVEL_PRIVACY)
        wanted |= OM_NTLM_SEAL | OM_NTLM_128;
    lacking = wanted & ~flags;
    if (!lacking)
        return OM_OK;
    return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_AUTH, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
                    "the server leaves out what NTLM needs for this level (%s), "
                    "or somebody on the way took it out",
                    lacking & OM_NTLM_EXTENDED_SESSIONSECURITY ? "extended session security"
                    : lacking & OM_NTLM_SIGN                   ? "signing"
                    : lacking & OM_NTLM_SEAL                   ? "sealing"
                                                               : "keys of 128 bits");
}

/* The session key, and the flags agreed on, which stand in the last message. */
static om_status ntlm_ready(struct om__auth *auth, struct om_error *err)
{
    gss_buffer_set_t keys = GSS_C_NO_BUFFER_SET;
    struct om__ntlm_authenticate m;
    OM_uint32 major, minor, ignored;
    om_status st;

    st = om__ntlm_authenticate_decode(auth->token.buf, auth->token.len, &m, err);
    if (st == OM_OK)
        st = check_strength(auth->level, m.flags, err);
    if (st != OM_OK)
        return st;
    major =
        gss_inquire_sec_context_by_oid(&minor, auth->context, GSS_C_INQ_SSPI_SESSION_KEY, &keys);
    if (GSS_ERROR(major))
        return fail_gss(err, "gss_inquire_sec_context_by_oid", major, minor);
    if (keys->count < 1 || keys->elements[0].length != OM_NTLM_KEY_SIZE)
        st = om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED, OM_NATIVE_NONE,
                      0, "NTLM gave no session key of 16 bytes");
    else
        st = om__ntlm_session_init(&auth->ntlm, keys->elements[0].value, m.flags, true, err);
    for (size_t i = 0; i < keys->count; i++)
        om__wipe(keys->elements[i].value, keys->elements[i].length);
    gss_release_buffer_set(&ignored, &keys);
    return st;
}

/*
 * What a server sends is read here before gss-ntlmssp sees it: version 1.2 writes through a NULL
 * pointer when a CHALLENGE has no target name.
 */
static om_status check_challenge(const uint8_t *in, size_t n_in, struct om_error *err)
{
    struct om__ntlm_challenge m;
    om_status st = om__ntlm_challenge_decode(in, n_in, &m, err);

    if (st != OM_OK)
        return st;
    if (!m.target_name.cb)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "NTLM CHALLENGE: the target name is empty (flags 0x%08X)", m.flags);
    if (m.target_info.cb && !om__ntlm_avs_valid(m.target_info))
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "NTLM CHALLENGE: the target info of %u bytes is no list of AV pairs",
                        m.target_info.cb);
    return OM_OK;
}

static om_status ntlm_step(struct om__auth *auth, const uint8_t *in, size_t n_in,
                           struct om_error *err)
{
    struct gss_channel_bindings_struct bindings = {
        .application_data = {auth->binding_size, auth->binding}};
    gss_buffer_desc input = GSS_C_EMPTY_BUFFER, output = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, ignored;
    uint8_t *copy = NULL;
    om_status st;

    if (auth->context != GSS_C_NO_CONTEXT) {
        st = check_challenge(in, n_in, err);
        if (st != OM_OK)
            return st;
    }
    if (n_in) { /* gss_buffer_desc wants it writable */
        copy = om__malloc(n_in);
        if (!copy)
            return om__fail_memory(err, "a token");
        memcpy(copy, in, n_in);
        input = (gss_buffer_desc){n_in, copy};
    }
    major = gss_init_sec_context(&minor, auth->credential, &auth->context, auth->target, &ntlm_oid,
                                 wanted_flags(auth->level), GSS_C_INDEFINITE,
                                 auth->binding ? &bindings : GSS_C_NO_CHANNEL_BINDINGS, &input,
                                 NULL, &output, NULL, NULL);
    om__wipe_free(copy, n_in);
    if (GSS_ERROR(major))
        return fail_gss(err, "gss_init_sec_context", major, minor);
    om_wr_bytes(&auth->token, output.value, output.length);
    om__wipe(output.value, output.length);
    gss_release_buffer(&ignored, &output);
    st = om_wr_finish(&auth->token, OM_LAYER_AUTH, "an NTLM token", err);
    auth->complete = st == OM_OK && major == GSS_S_COMPLETE;
    if (st == OM_OK && n_in && !auth->complete) /* NTLM has two legs, no more */
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED,
                        OM_NATIVE_GSS, major, "NTLM is not complete after the server's CHALLENGE");
    if (auth->complete && auth->level >= OM_RPC_LEVEL_PACKET)
        st = ntlm_ready(auth, err);
    return st;
}

static size_t ntlm_signature_size(const struct om__auth *auth)
{
    (void)auth;
    return OM_NTLM_SIGNATURE_SIZE;
}

static om_status ntlm_protect(struct om__auth *auth, struct om__auth_pdu *pdu, struct om_error *err)
{
    return om__auth_ntlm_protect(&auth->ntlm, auth->level, pdu, err);
}

static om_status ntlm_unprotect(struct om__auth *auth, struct om__auth_pdu *pdu,
                                struct om_error *err)
{
    return om__auth_ntlm_unprotect(&auth->ntlm, auth->level, pdu, err);
}

static void gss_stop(struct om__auth *auth)
{
    OM_uint32 minor;

    gss_delete_sec_context(&minor, &auth->context, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &auth->credential);
    gss_release_name(&minor, &auth->target);
    om__wipe_free(auth->binding, auth->binding_size);
}

const struct om__auth_ops om__auth_gss_ntlm = {
    .name = "NTLM",
    .rpc_type = OM_RPC_AUTH_NTLM,
    .ends_with_client = true,
    .start = ntlm_start,
    .step = ntlm_step,
    .signature_size = ntlm_signature_size,
    .protect = ntlm_protect,
    .unprotect = ntlm_unprotect,
    .stop = gss_stop,
};
