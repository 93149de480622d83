/* SPDX-License-Identifier: MIT */
/* Where trace events go. What they are is in include/onemapi/trace.h. */
#ifndef OM_BASE_TRACE_H
#define OM_BASE_TRACE_H

#include <onemapi/trace.h>

struct om__trace {
    om_trace_fn *emit; /* NULL: nobody listens */
    void *ctx;
};

static inline void om__trace_emit(const struct om__trace *t, const struct om_trace_event *ev)
{
    if (t && t->emit)
        t->emit(t->ctx, ev);
}

#endif
