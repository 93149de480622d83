/* SPDX-License-Identifier: MIT */
/*
 * Remote operations on mailboxes: what is inside EcDoRpcExt2's rgbIn and rgbOut. [MS-OXCROPS] 3.2,
 * [MS-OXCSTOR], [MS-OXCFOLD], [MS-OXCTABL].
 */
#ifndef OM_LAB_ROP_SERVER_H
#define OM_LAB_ROP_SERVER_H

#include "base/wr.h"
#include "codec/rop/rop.h"
#include "lab/mailstore.h"
#include "lab/service.h"
#include "lab/store_props.h"

#define LAB_MAX_OBJECTS     1024u       /* of one session */
#define LAB_MAX_TABLE       (32u << 20) /* memory of one table's rows */
#define LAB_MAX_COLUMNS     512u
#define LAB_WRONG_TRIES     5u /* more of them in LAB_WRONG_WINDOW_MS are not answered any more */
#define LAB_WRONG_WINDOW_MS 10000u

enum lab_object_kind {
    LAB_OBJECT_LOGON,
    LAB_OBJECT_FOLDER,
    LAB_OBJECT_HIERARCHY,
    LAB_OBJECT_CONTENTS
};

/* A server object. A table's rows are those of the moment it was opened. */
struct lab_object {
    enum lab_object_kind kind;
    uint32_t handle, logon; /* its own, and that of the logon it belongs to */
    const struct lab_user *owner;
    struct lab_mailbox box;
    struct lab_folder folder; /* but for logons; the name and class are in the arena */
    struct om_arena a;
    /* tables */
    size_t count, position;
    struct lab_folder *folders;
    struct lab_message *messages;
    uint16_t column_count;
    om_proptag *columns; /* NULL until RopSetColumns */
};

/* One Session Context's objects. Zeroed is ready; lab_rop_session_free() what it holds. */
struct lab_rop_session {
    const struct lab_user *user; /* who the session was made for */
    struct lab_object **objects;
    size_t count, room;
    uint32_t next_handle; /* the first is 0: clients must take it for a handle like any other */
    uint64_t wrong[LAB_WRONG_TRIES]; /* when logons came to the wrong server, oldest first */
    unsigned wrong_count;
};

void lab_rop_session_free(struct lab_rop_session *s);

/*
 * Runs the ROPs of rgb_in and writes rgbOut, of at most `out_max` bytes, as the flags of
 * EcDoRpcExt2 allow (OM_RPCEXT2_*). Gives the call's ec; when it is not 0, nothing was written.
 */
uint32_t lab_rop_run(struct lab_call *call, struct lab_rop_session *s, struct om_binary rgb_in,
                     uint32_t flags, uint32_t out_max, struct om_wr *out);

/* ---- between rop_server.c and the ROPs ---- */

/* One buffer being worked on. */
struct lab_rop_run {
    struct lab_call *call;
    struct lab_rop_session *s;
    struct om_arena a; /* what responses point to */
    struct om__rop_requests requests;
    size_t limit;       /* bytes of ROPs that fit in the payload */
    struct om_wr rops;  /* the responses so far */
    uint16_t rows_left; /* what the last ROP, a RopQueryRows, asked for and did not get */
};

/* NULL: the session holds too many, or memory is out. Its handle goes into the table at `index`. */
struct lab_object *lab_rop_new_object(struct lab_rop_run *run, enum lab_object_kind kind,
                                      const struct lab_object *parent, uint8_t index);

/*
 * One ROP: `in` is its input object (NULL only for RopLogon). Fills in the response's own fields
 * and gives its ReturnValue; the dispatcher does the rest.
 */
typedef uint32_t lab_rop_fn(struct lab_rop_run *run, struct lab_object *in,
                            const struct om__rop_request *req, struct om__rop_response *rsp);

lab_rop_fn lab_rop_logon;       /* lab/rop_logon.c */
lab_rop_fn lab_rop_open_folder; /* lab/rop_table.c, and the rest */
lab_rop_fn lab_rop_get_hierarchy_table;
lab_rop_fn lab_rop_get_contents_table;
lab_rop_fn lab_rop_set_columns;
lab_rop_fn lab_rop_sort_table;
lab_rop_fn lab_rop_query_rows;
lab_rop_fn lab_rop_query_position;
lab_rop_fn lab_rop_seek_row;
lab_rop_fn lab_rop_get_props;
lab_rop_fn lab_rop_get_props_all;

#endif
