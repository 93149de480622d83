/* SPDX-License-Identifier: MIT */
/*
 * Sealing by NTLM: ours against gss_wrap() of gss-ntlmssp, in fragments of the size RPC uses. Both
 * sit on the same exchange, and the first fragment has to come out the same, so that what is
 * measured is the same work. NTLM_USER_FILE names a file with the line DOMAIN:user:password that
 * the acceptor trusts.
 *
 * Prints: MB/s of ours, MB/s of gss_wrap.
 */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "proto/ntlm_session.h"

#define STUB   (OM_MAX_RPC_FRAG - 48u) /* header, trailer and signature taken off */
#define ROUNDS 20000

/* 1.3.6.1.4.1.311.2.2.10 */
static char ntlm_oid[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static gss_OID_desc ntlm = {10, ntlm_oid};

static void need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_ntlm: %s failed\n", what);
    exit(1);
}

static gss_buffer_desc text(char *s)
{
    return (gss_buffer_desc){strlen(s), s};
}

/* Initiator and acceptor in one process; gives the initiator's context. */
static gss_ctx_id_t establish(char *user, char *password)
{
    char host[] = "HTTP@localhost";
    gss_buffer_desc name = text(user), secret = text(password), target = text(host);
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER, in = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t client = GSS_C_NO_CONTEXT, server = GSS_C_NO_CONTEXT;
    gss_OID_set_desc mechs = {1, &ntlm};
    gss_cred_id_t cred;
    gss_name_t who, whom;
    OM_uint32 minor, major = GSS_S_CONTINUE_NEEDED;

    need(!gss_import_name(&minor, &name, GSS_C_NT_USER_NAME, &who), "importing the user");
    need(!gss_import_name(&minor, &target, GSS_C_NT_HOSTBASED_SERVICE, &whom),
         "importing the host");
    need(!gss_acquire_cred_with_password(&minor, who, &secret, GSS_C_INDEFINITE, &mechs,
                                         GSS_C_INITIATE, &cred, NULL, NULL),
         "acquiring credentials");
    while (major == GSS_S_CONTINUE_NEEDED) {
        major = gss_init_sec_context(&minor, cred, &client, whom, &ntlm,
                                     GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG, 0, NULL,
                                     in.length ? &in : NULL, NULL, &out, NULL, NULL);
        need(!GSS_ERROR(major), "the initiator's leg");
        if (!out.length)
            break;
        OM_uint32 theirs = gss_accept_sec_context(&minor, &server, GSS_C_NO_CREDENTIAL, &out, NULL,
                                                  NULL, NULL, &in, NULL, NULL, NULL);
        need(!GSS_ERROR(theirs), "the acceptor's leg");
    }
    return client;
}

static void session_of(gss_ctx_id_t context, struct om__ntlm_session *session)
{
    struct om_error err = OM_ERROR_INIT;
    gss_buffer_set_t key;
    OM_uint32 minor;

    need(!gss_inquire_sec_context_by_oid(&minor, context, GSS_C_INQ_SSPI_SESSION_KEY, &key) &&
             key->elements[0].length == OM_NTLM_KEY_SIZE,
         "asking for the session key");
    need(!OM_FAILED(om__ntlm_session_init(session, key->elements[0].value,
                                          OM_NTLM_EXTENDED_SESSIONSECURITY | OM_NTLM_KEY_EXCH |
                                              OM_NTLM_128 | OM_NTLM_SEAL | OM_NTLM_SIGN,
                                          true, &err)),
         "starting our session");
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wrap(gss_ctx_id_t context, uint8_t *stub, gss_buffer_desc *out)
{
    gss_buffer_desc in = {STUB, stub};
    OM_uint32 minor;

    need(!gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &in, NULL, out), "gss_wrap");
}

int main(int argc, char **argv)
{
    static uint8_t stub[STUB], signature[OM_NTLM_SIGNATURE_SIZE];
    struct om__ntlm_session session;
    double start, ours, theirs;
    gss_ctx_id_t context;
    gss_buffer_desc out;
    OM_uint32 minor;

    need(argc == 3, "usage: bench_ntlm DOMAIN\\\\USER PASSWORD;");
    context = establish(argv[1], argv[2]);
    session_of(context, &session);

    wrap(context, stub, &out);
    om__ntlm_session_protect(&session, stub, STUB, 0, STUB, signature);
    need(out.length == STUB + sizeof signature && !memcmp(out.value, signature, sizeof signature) &&
             !memcmp((uint8_t *)out.value + sizeof signature, stub, STUB),
         "sealing the same bytes");
    gss_release_buffer(&minor, &out);

    start = now();
    for (int i = 0; i < ROUNDS; i++)
        om__ntlm_session_protect(&session, stub, STUB, 0, STUB, signature);
    ours = now() - start;
    start = now();
    for (int i = 0; i < ROUNDS; i++) {
        wrap(context, stub, &out);
        gss_release_buffer(&minor, &out);
    }
    theirs = now() - start;
    printf("%.0f %.0f\n", ROUNDS * (double)STUB / ours / 1e6, ROUNDS * (double)STUB / theirs / 1e6);
    return 0;
}
