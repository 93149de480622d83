/* SPDX-License-Identifier: MIT */
/* Every message of the address book's and the referral's interface behind one pair of functions. */
#ifndef OM_TESTS_STUBS_H
#define OM_TESTS_STUBS_H

#include "codec/nspi.h"
#include "codec/rfr.h"

typedef void read_fn(struct om_rd *r, struct om_arena *a, void *m);
typedef void write_fn(struct om_wr *w, const void *m);

#define NSPI_FUNCTIONS(name, type)                                                                 \
    static void rd_##name(struct om_rd *r, struct om_arena *a, void *m)                            \
    {                                                                                              \
        om__nspi_rd_##name(r, a, m);                                                               \
    }                                                                                              \
    static void wr_##name(struct om_wr *w, const void *m)                                          \
    {                                                                                              \
        om__nspi_wr_##name(w, m);                                                                  \
    }
OM_NSPI_MESSAGES(NSPI_FUNCTIONS)

#define RFR_FUNCTIONS(name, type)                                                                  \
    static void rd_##name(struct om_rd *r, struct om_arena *a, void *m)                            \
    {                                                                                              \
        om__rfr_rd_##name(r, a, m);                                                                \
    }                                                                                              \
    static void wr_##name(struct om_wr *w, const void *m)                                          \
    {                                                                                              \
        om__rfr_wr_##name(w, m);                                                                   \
    }
OM_RFR_MESSAGES(RFR_FUNCTIONS)

#define MEMBER(name, type) struct type name;
union message {
    OM_NSPI_MESSAGES(MEMBER)
    OM_RFR_MESSAGES(MEMBER)
};

struct message_kind {
    const char *name;
    read_fn *read;
    write_fn *write;
};

#define KIND(name, type) {#name, rd_##name, wr_##name},
static const struct message_kind kinds[] = {OM_NSPI_MESSAGES(KIND) OM_RFR_MESSAGES(KIND)};

#endif
