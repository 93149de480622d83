/* SPDX-License-Identifier: MIT */
/*
 * The lab's certificates: an authority of its own, kept in DIR (ca.pem for clients to trust,
 * ca.key), a server certificate issued by it (server.pem, server.key), and wrong ones made on
 * demand, never kept.
 */
#ifndef LAB_CERT_H
#define LAB_CERT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum lab_cert_kind { LAB_CERT_GOOD, LAB_CERT_EXPIRED, LAB_CERT_WRONG_HOST, LAB_CERT_SELF_SIGNED };

struct lab_certs {
    EVP_PKEY *ca_key, *key;
    X509 *ca, *cert;
    const char *const *names; /* what the server certificate is for; borrowed, ends with NULL */
};

/*
 * Loads what DIR has and makes what it lacks; a server certificate that does not name all of
 * `names` or is out of date is issued again. False: `why` says what failed; lab_certs_close() what
 * there is.
 */
bool lab_certs_open(struct lab_certs *c, const char *dir, const char *const *names, char *why,
                    size_t why_size);
void lab_certs_close(struct lab_certs *c);

/* A TLS server of this kind of certificate (SSL_CTX_free() it), or NULL. */
SSL_CTX *lab_certs_context(const struct lab_certs *c, enum lab_cert_kind kind);

/* tls-server-end-point, RFC 5929 4.1: SHA-256 of the certificate the context shows. */
bool lab_cert_binding(SSL_CTX *ctx, unsigned char hash[32]);

#endif
