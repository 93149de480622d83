/* SPDX-License-Identifier: MIT */
/*
 * The trace: one typed event for each transition of a state machine and each step towards a
 * mailbox. It is what `-v` prints and what a doctor draws its timeline from. Never a secret, never
 * a payload.
 */
#ifndef ONEMAPI_TRACE_H
#define ONEMAPI_TRACE_H

#include <onemapi/error.h>

OM_BEGIN_DECLS

/* Strings live for the call. */
struct om_trace_event {
    enum om_layer layer;
    const char *
        machine; /* "rpc association", "virtual connection"; NULL: a step without a state machine */
    const char *from; /* state names; NULL where there is no state machine */
    const char *event;
    const char *to;
    const char *text; /* what a person should know: "NTLM, privacy"; may be NULL */
    bool warning; /* a step that gives safety away: to be shown though nobody asked for a trace */
};

typedef void om_trace_fn(void *ctx, const struct om_trace_event *event);

OM_END_DECLS

#endif
