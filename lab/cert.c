/* SPDX-License-Identifier: MIT */
#include "lab/cert.h"

#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY   (24L * 60 * 60)
#define YEARS (3650L * DAY)

static bool set_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    bool ok = n && BN_rand(n, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));

    BN_free(n);
    return ok;
}

static bool set_name(X509 *x, const char *cn)
{
    X509_NAME *name = X509_get_subject_name(x);

    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"onemapi lab",
                                      -1, -1, 0) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1,
                                      0);
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *e;
    X509V3_CTX ctx;
    bool ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

/* What all certificates here have: a serial, a name, a key and the time they hold. */
static X509 *blank(const char *cn, EVP_PKEY *key, long from, long until)
{
    X509 *x = X509_new();

    if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) && set_name(x, cn) &&
        X509_set_pubkey(x, key) && X509_gmtime_adj(X509_getm_notBefore(x), from) &&
        X509_gmtime_adj(X509_getm_notAfter(x), until))
        return x;
    X509_free(x);
    return NULL;
}

static X509 *make_ca(EVP_PKEY *key)
{
    X509 *x = blank("onemapi lab CA", key, -DAY, YEARS);

    if (x && X509_set_issuer_name(x, X509_get_subject_name(x)) &&
        add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE") &&
        add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(x, x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

/* "DNS:a,DNS:b". False: it does not fit. */
static bool join_names(const char *const *names, char *out, size_t size)
{
    size_t n = 0;
    int w;

    for (; *names; names++) {
        w = snprintf(out + n, size - n, "%sDNS:%s", n ? "," : "", *names);
        if (w < 0 || (size_t)w >= size - n)
            return false;
        n += (size_t)w;
    }
    return true;
}

/* issuer NULL: signed by its own key. */
static X509 *make_server(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                         const char *const *names, long from, long until)
{
    X509 *x = blank(names[0], key, from, until);
    char san[1024];

    if (x && join_names(names, san, sizeof(san)) &&
        X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x)) &&
        add_extension(x, issuer ? issuer : x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, issuer ? issuer : x, NID_key_usage, "critical,digitalSignature") &&
        add_extension(x, issuer ? issuer : x, NID_ext_key_usage, "serverAuth") &&
        add_extension(x, issuer ? issuer : x, NID_subject_alt_name, san) &&
        X509_sign(x, issuer ? issuer_key : key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

static FILE *open_at(const char *dir, const char *name, bool write, mode_t mode)
{
    char path[4096];
    FILE *f;
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return NULL;
    fd = open(path, write ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, mode);
    if (fd < 0)
        return NULL;
    f = fdopen(fd, write ? "w" : "r");
    if (!f)
        close(fd);
    return f;
}

static EVP_PKEY *load_key(const char *dir, const char *name)
{
    FILE *f = open_at(dir, name, false, 0);
    EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

    if (f)
        fclose(f);
    return key;
}

static X509 *load_cert(const char *dir, const char *name)
{
    FILE *f = open_at(dir, name, false, 0);
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

    if (f)
        fclose(f);
    return x;
}

static bool save(const char *dir, const char *key_name, EVP_PKEY *key, const char *cert_name,
                 X509 *cert)
{
    FILE *k = open_at(dir, key_name, true, 0600), *c = open_at(dir, cert_name, true, 0644);
    bool ok = k && c && PEM_write_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) &&
              PEM_write_X509(c, cert);

    if (k && fclose(k))
        ok = false;
    if (c && fclose(c))
        ok = false;
    return ok;
}

static bool usable(X509 *x, EVP_PKEY *key, const char *const *names)
{
    if (!x || !key || X509_check_private_key(x, key) != 1 ||
        X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
        return false;
    for (; names && *names; names++)
        if (X509_check_host(x, *names, 0, 0, NULL) != 1)
            return false;
    return true;
}

static bool open_ca(struct lab_certs *c, const char *dir)
{
    c->ca_key = load_key(dir, "ca.key");
    c->ca = load_cert(dir, "ca.pem");
    if (usable(c->ca, c->ca_key, NULL))
        return true;
    EVP_PKEY_free(c->ca_key);
    X509_free(c->ca);
    c->ca_key = EVP_EC_gen("P-256");
    c->ca = c->ca_key ? make_ca(c->ca_key) : NULL;
    return c->ca && save(dir, "ca.key", c->ca_key, "ca.pem", c->ca);
}

static bool open_server(struct lab_certs *c, const char *dir)
{
    c->key = load_key(dir, "server.key");
    c->cert = load_cert(dir, "server.pem");
    if (usable(c->cert, c->key, c->names) && X509_verify(c->cert, c->ca_key) == 1)
        return true;
    EVP_PKEY_free(c->key);
    X509_free(c->cert);
    c->key = EVP_EC_gen("P-256");
    c->cert = c->key ? make_server(c->key, c->ca, c->ca_key, c->names, -DAY, YEARS) : NULL;
    return c->cert && save(dir, "server.key", c->key, "server.pem", c->cert);
}

bool lab_certs_open(struct lab_certs *c, const char *dir, const char *const *names, char *why,
                    size_t why_size)
{
    *c = (struct lab_certs){.names = names};
    if (open_ca(c, dir) && open_server(c, dir)) {
        ERR_clear_error();
        return true;
    }
    snprintf(why, why_size, "certificates in %s: %s", dir,
             ERR_reason_error_string(ERR_peek_last_error()));
    ERR_clear_error();
    return false;
}

void lab_certs_close(struct lab_certs *c)
{
    EVP_PKEY_free(c->ca_key);
    EVP_PKEY_free(c->key);
    X509_free(c->ca);
    X509_free(c->cert);
    *c = (struct lab_certs){0};
}

static X509 *of_kind(const struct lab_certs *c, enum lab_cert_kind kind)
{
    static const char *const other[] = {"elsewhere.example.test", NULL};

    switch (kind) {
    case LAB_CERT_EXPIRED:
        return make_server(c->key, c->ca, c->ca_key, c->names, -30 * DAY, -DAY);
    case LAB_CERT_WRONG_HOST:
        return make_server(c->key, c->ca, c->ca_key, other, -DAY, YEARS);
    case LAB_CERT_SELF_SIGNED:
        return make_server(c->key, NULL, NULL, c->names, -DAY, YEARS);
    case LAB_CERT_GOOD:
        break;
    }
    X509_up_ref(c->cert);
    return c->cert;
}

SSL_CTX *lab_certs_context(const struct lab_certs *c, enum lab_cert_kind kind)
{
    X509 *x = of_kind(c, kind);
    SSL_CTX *ctx = x ? SSL_CTX_new(TLS_server_method()) : NULL;

    if (ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
        SSL_CTX_use_certificate(ctx, x) && SSL_CTX_use_PrivateKey(ctx, c->key)) {
        X509_free(x);
        return ctx;
    }
    X509_free(x);
    SSL_CTX_free(ctx);
    return NULL;
}

bool lab_cert_binding(SSL_CTX *ctx, unsigned char hash[32])
{
    unsigned int n = 0;
    X509 *x = SSL_CTX_get0_certificate(ctx);

    return x && X509_digest(x, EVP_sha256(), hash, &n) && n == 32;
}
