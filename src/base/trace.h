/* SPDX-License-Identifier: MIT */
/*
 * The trace: one typed event for each transition of a state machine and each step towards a mailbox. It is what
 * -v prints and what the doctor draws its timeline from. Never a secret, never a payload.
 */
#ifndef OM_BASE_TRACE_H
#define OM_BASE_TRACE_H

#include <onemapi/error.h>

struct om__trace_event {
    enum om_layer layer;
    const char *machine; /* "rpc association", "virtual connection" */
    const char *from;    /* state names; NULL where there is no state machine */
    const char *event;
    const char *to;
    const char *text;    /* what a person should know: "NTLM, privacy"; may be NULL */
};

struct om__trace {
    void (*emit)(void *ctx, const struct om__trace_event *ev); /* NULL: nobody listens */
    void *ctx;
};

static inline void om__trace_emit(const struct om__trace *t, const struct om__trace_event *ev)
{
    if (t && t->emit)
        t->emit(t->ctx, ev);
}

#endif
