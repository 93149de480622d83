/* SPDX-License-Identifier: MIT */
/* The PDUs of tests/golden/rpc/: walks a file that om_test_file() read. */
#ifndef OM_TESTS_RPC_EXCHANGE_H
#define OM_TESTS_RPC_EXCHANGE_H

#include "support/codec_check.h"

struct om_exchange_pdu {
    char from; /* 'C' or 'S' */
    const uint8_t *p;
    size_t n;
};

/* The PDU at *at, which moves on; false, and an empty one, at the end. */
static inline int om_exchange_next(const uint8_t *data, size_t size, size_t *at,
                                   struct om_exchange_pdu *pdu)
{
    *pdu = (struct om_exchange_pdu){0};
    if (*at >= size)
        return 0;
    assert_true(size - *at > 17);
    pdu->from = (char)data[*at];
    pdu->p = data + *at + 1;
    pdu->n = pdu->p[8] | (size_t)pdu->p[9] << 8;
    assert_true(pdu->from == 'C' || pdu->from == 'S');
    assert_true(pdu->n >= 16 && pdu->n <= size - *at - 1);
    *at += 1 + pdu->n;
    return 1;
}

#endif
