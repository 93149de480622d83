/* SPDX-License-Identifier: MIT */
/*
 * A batch: ROP requests chained into one buffer, each naming the objects it works on by their index
 * in the batch's Server object handle table, so that one call can log on, open a table and read it.
 *
 *     om__rop_batch_init(&b, logon_id);
 *     store = om__rop_add_logon(&b, &logon);
 *     table = om__rop_add_get_hierarchy_table(&b, om__rop_add_open_folder(&b, store, id), flags);
 *     om__rop_add_set_columns(&b, table, &columns);
 *     om__rop_add_query_rows(&b, table, 0x1000, &columns);
 *     om__rop_batch_encode(&b, flags, &w, err);      -> rgbIn of EcDoRpcExt2, header and all
 *     om__rop_batch_read(&b, rgbOut, &arena, &answers, err);
 *
 * Adding is sticky: when memory or indices run out the batch fails, adders give 0 and the encoder
 * says so. Strings and arrays given to adders are copied.
 */
#ifndef OM_CODEC_ROP_BATCH_H
#define OM_CODEC_ROP_BATCH_H

#include "codec/rop/rop.h"

#define OM_ROP_BATCH_MAX 64 /* requests in one batch, and objects */

struct om__rop_batch {
    struct om_arena arena;
    uint8_t logon_id; /* of all ROPs added */
    uint32_t count;
    struct om__rop_request
        list[OM_ROP_BATCH_MAX + 1]; /* the last one is a failed batch's scratch */
    uint32_t handle_count;
    uint32_t handles[OM_ROP_BATCH_MAX];
    bool failed;
    bool too_many; /* not memory: more than OM_ROP_BATCH_MAX */
};

void om__rop_batch_init(struct om__rop_batch *b, uint8_t logon_id);
void om__rop_batch_free(struct om__rop_batch *b); /* empty again */

/* The index of an object that exists already, by the handle an earlier call gave. */
uint8_t om__rop_batch_object(struct om__rop_batch *b, uint32_t handle);

/* Each gives the index of the object it makes, if any. `in` is an index of this batch. */
uint8_t om__rop_add_logon(struct om__rop_batch *b, const struct om__logon_req *req);
uint8_t om__rop_add_open_folder(struct om__rop_batch *b, uint8_t in, uint64_t folder_id);
uint8_t om__rop_add_get_hierarchy_table(struct om__rop_batch *b, uint8_t in, uint8_t table_flags);
uint8_t om__rop_add_get_contents_table(struct om__rop_batch *b, uint8_t in, uint8_t table_flags);
void om__rop_add_set_columns(struct om__rop_batch *b, uint8_t in,
                             const struct om__proptags *columns);
void om__rop_add_sort_table(struct om__rop_batch *b, uint8_t in,
                            const struct om__sort_table_req *req);
/* Forward from where the table stands; `columns` are those of the table's last RopSetColumns. */
void om__rop_add_query_rows(struct om__rop_batch *b, uint8_t in, uint16_t row_count,
                            const struct om__proptags *columns);
/*
 * The same, and the server may chain more payloads with more rows behind the first: they come as
 * om__rop_answers.more. It has to be the batch's last ROP, and the call's flags OM_RPCEXT2_CHAIN.
 */
void om__rop_add_query_rows_packed(struct om__rop_batch *b, uint8_t in, uint16_t row_count,
                                   const struct om__proptags *columns);
void om__rop_add_query_position(struct om__rop_batch *b, uint8_t in);
void om__rop_add_seek_row(struct om__rop_batch *b, uint8_t in, uint8_t origin, int32_t row_count);
void om__rop_add_get_properties(struct om__rop_batch *b, uint8_t in,
                                const struct om__proptags *tags);
void om__rop_add_get_properties_all(struct om__rop_batch *b, uint8_t in);
void om__rop_add_release(struct om__rop_batch *b, uint8_t in);

/* rgbIn: RPC_HEADER_EXT (Last, and what ext_flags adds: OM_EXT_*) and the payload. */
om_status om__rop_batch_encode(const struct om__rop_batch *b, uint16_t ext_flags, struct om_wr *w,
                               struct om_error *err);

/* Why a server answered fewer ROPs than it was asked. */
enum om__rop_stop {
    OM_ROP_STOP_NONE,
    OM_ROP_STOP_BUFFER_TOO_SMALL, /* the rest is in stopped.too_small; ask again with more room */
    OM_ROP_STOP_BACKOFF,          /* stopped.backoff says how long to wait */
    OM_ROP_STOP_OPAQUE,           /* a ROP without a codec hides what follows */
};

struct om__rop_answer {
    bool present; /* false: RopRelease, or after the stop */
    struct om__rop_response rsp;
};

struct om__rop_answers {
    uint32_t count; /* as many as the batch has requests */
    const struct om__rop_answer *list;
    /* More responses to the batch's last request, of chained payloads: [MS-OXCRPC] 3.1.4.2.1.2.2 */
    uint32_t more_count;
    const struct om__rop_response *more;
    uint32_t handle_count;
    uint32_t *handles;
    enum om__rop_stop stop;
    struct om__rop_response stopped;
    bool pending;             /* RopNotify, or RopPending was there: notifications wait ... */
    uint16_t pending_session; /* ... for the session of this index */
};

/*
 * rgbOut against the batch it answers: payloads undone, each response matched to its request by
 * RopId and handle index. Everything in *out is in the arena. A response that is another's, one too
 * few without a reason, or malformed is MAPI_E_CORRUPT_DATA, layer rop. A ROP that failed is no
 * error here: see om__rop_answer_check().
 */
om_status om__rop_batch_read(const struct om__rop_batch *b, struct om_binary rgb_out,
                             struct om_arena *a, struct om__rop_answers *out, struct om_error *err);

/*
 * Records what kept request i from being done: its ec code, the stop, or that it was never reached.
 * The error says which ROP; OM_OK when it went well, and for RopRelease.
 */
om_status om__rop_answer_check(const struct om__rop_batch *b, const struct om__rop_answers *answers,
                               uint32_t i, struct om_error *err);
/* The first request that was not done: so a batch can be checked as a whole. */
om_status om__rop_answers_check(const struct om__rop_batch *b,
                                const struct om__rop_answers *answers, struct om_error *err);

/* The handle the server gave the object at an index; OM_ROP_NO_HANDLE when it made none. */
uint32_t om__rop_answer_handle(const struct om__rop_answers *answers, uint8_t index);

#endif
