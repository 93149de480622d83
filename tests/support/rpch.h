/* SPDX-License-Identifier: MIT */
/* Walking the captured channels of tests/golden/rpch: past the HTTP head, one PDU after another. */
#ifndef OM_TESTS_RPCH_H
#define OM_TESTS_RPCH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where the body begins. */
static inline size_t rpch_body(const uint8_t *p, size_t n)
{
    const uint8_t *end = memmem(p, n, "\r\n\r\n", 4);

    return end ? (size_t)(end - p) + 4 : n;
}

/* The PDU at *at: its bytes, or NULL when no whole one is left; *at moves past it. */
static inline const uint8_t *rpch_next(const uint8_t *p, size_t n, size_t *at, size_t *size)
{
    const uint8_t *pdu = p + *at;

    *size = 0;
    if (n - *at < 16)
        return NULL;
    *size = (size_t)(pdu[8] | pdu[9] << 8);
    if (*size < 16 || *size > n - *at)
        return NULL;
    *at += *size;
    return pdu;
}

#endif
