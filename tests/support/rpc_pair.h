/* SPDX-License-Identifier: MIT */
/* Both ends of an association in one process: a client, a server with an NTLM acceptor. */
#ifndef OM_TESTS_RPC_PAIR_H
#define OM_TESTS_RPC_PAIR_H

#include "support/codec_check.h"

#include "proto/rpc_assoc.h"
#include "proto/rpc_server.h"

/* An NTLM acceptor for one account. */
struct om_test_acceptor {
    const char *user, *domain, *password;
    uint8_t challenge[8];
    unsigned step;
    char seen_user[64], seen_domain[64];
    uint8_t seen_binding[16]; /* MsvAvChannelBindings; zeroes when the client sent none */
    uint32_t flags;
};

om_status om_test_accept(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                         struct om__rpc_accepted *accepted, struct om_error *err);

/* Moves what each end has to send to the other, `chunk` bytes at a time, until both are silent. */
struct om_test_pair {
    struct om__rpc_assoc *client;
    struct om__rpc_server *server;
    size_t chunk;
    void (*mangle)(uint8_t *pdu, size_t n, void *ctx); /* of each PDU on its way to the client */
    void *mangle_ctx;
};

void om_test_to_server(struct om_test_pair *p);
void om_test_to_client(struct om_test_pair *p);

extern const struct om__rpc_syntax om_test_first, om_test_second; /* two interfaces */
extern const struct om__rpc_interface om_test_interfaces[2];

#endif
