/* SPDX-License-Identifier: MIT */
/*
 * What a code means: MAPI, Exchange, RPC, RPC proxy, HTTP and NTSTATUS codes, each with its usual
 * causes and what to try.
 */
#ifndef ONEMAPI_EXPLAIN_H
#define ONEMAPI_EXPLAIN_H

#include <onemapi/error.h>

OM_BEGIN_DECLS

struct om_code_info {
    const char *kind; /* "mapi", "ec", "rpc", "rpc-proxy", "http", "ntstatus", "sspi" */
    uint32_t code;
    const char *name;    /* "MAPI_E_LOGON_FAILED"; for HTTP the reason phrase */
    const char *meaning; /* one clause */
    const char *causes;  /* the usual ones; "" when there is nothing particular to say */
    const char *advice;  /* what to try; "" likewise */
};

#define OM_CODES_MAX 12

/* All strings have static storage, so there is nothing to free. */
struct om_codes {
    uint32_t count;
    struct om_code_info items[OM_CODES_MAX];
};

/*
 * Everything the text may mean: a name (any case), or a number as hexadecimal with or without 0x or
 * as decimal, also negative. A number such as 478 is looked up both ways, decimal first.
 * MAPI_E_NOT_FOUND of layer `usage`: nothing known; the detail lists names that contain the text.
 */
OM_API om_status om_code_explain(const char *text, struct om_codes *out, struct om_error *err);

OM_END_DECLS

#endif
