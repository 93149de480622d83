/* SPDX-License-Identifier: MIT */
/*
 * Remote operations: requests and responses in their fields, and one table row for each ROP that
 * has a codec here. [MS-OXCROPS] 2.2. ROPs carry no length, so one without a codec hides all that
 * follow it in its buffer: it is kept with the rest as bytes, and what came before it stands.
 *
 * A client chains requests with codec/rop/batch.h; a server uses om__rop_requests_decode() and
 * om__rop_responses_encode() below. The payload around them is codec/rop_buffer.h.
 */
#ifndef OM_CODEC_ROP_ROP_H
#define OM_CODEC_ROP_ROP_H

#include <onemapi/prop.h>

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

/* [MS-OXCROPS] 2.2.2, all that are not reserved; and those a server answers with of itself. */
#define OM_ROP_LIST(X)                                                                             \
    X(Release, 0x01)                                                                               \
    X(OpenFolder, 0x02)                                                                            \
    X(OpenMessage, 0x03)                                                                           \
    X(GetHierarchyTable, 0x04)                                                                     \
    X(GetContentsTable, 0x05)                                                                      \
    X(CreateMessage, 0x06)                                                                         \
    X(GetPropertiesSpecific, 0x07)                                                                 \
    X(GetPropertiesAll, 0x08)                                                                      \
    X(GetPropertiesList, 0x09)                                                                     \
    X(SetProperties, 0x0A)                                                                         \
    X(DeleteProperties, 0x0B)                                                                      \
    X(SaveChangesMessage, 0x0C)                                                                    \
    X(RemoveAllRecipients, 0x0D)                                                                   \
    X(ModifyRecipients, 0x0E)                                                                      \
    X(ReadRecipients, 0x0F)                                                                        \
    X(ReloadCachedInformation, 0x10)                                                               \
    X(SetMessageReadFlag, 0x11)                                                                    \
    X(SetColumns, 0x12)                                                                            \
    X(SortTable, 0x13)                                                                             \
    X(Restrict, 0x14)                                                                              \
    X(QueryRows, 0x15)                                                                             \
    X(GetStatus, 0x16)                                                                             \
    X(QueryPosition, 0x17)                                                                         \
    X(SeekRow, 0x18)                                                                               \
    X(SeekRowBookmark, 0x19)                                                                       \
    X(SeekRowFractional, 0x1A)                                                                     \
    X(CreateBookmark, 0x1B)                                                                        \
    X(CreateFolder, 0x1C)                                                                          \
    X(DeleteFolder, 0x1D)                                                                          \
    X(DeleteMessages, 0x1E)                                                                        \
    X(GetMessageStatus, 0x1F)                                                                      \
    X(SetMessageStatus, 0x20)                                                                      \
    X(GetAttachmentTable, 0x21)                                                                    \
    X(OpenAttachment, 0x22)                                                                        \
    X(CreateAttachment, 0x23)                                                                      \
    X(DeleteAttachment, 0x24)                                                                      \
    X(SaveChangesAttachment, 0x25)                                                                 \
    X(SetReceiveFolder, 0x26)                                                                      \
    X(GetReceiveFolder, 0x27)                                                                      \
    X(RegisterNotification, 0x29)                                                                  \
    X(Notify, 0x2A)                                                                                \
    X(OpenStream, 0x2B)                                                                            \
    X(ReadStream, 0x2C)                                                                            \
    X(WriteStream, 0x2D)                                                                           \
    X(SeekStream, 0x2E)                                                                            \
    X(SetStreamSize, 0x2F)                                                                         \
    X(SetSearchCriteria, 0x30)                                                                     \
    X(GetSearchCriteria, 0x31)                                                                     \
    X(SubmitMessage, 0x32)                                                                         \
    X(MoveCopyMessages, 0x33)                                                                      \
    X(AbortSubmit, 0x34)                                                                           \
    X(MoveFolder, 0x35)                                                                            \
    X(CopyFolder, 0x36)                                                                            \
    X(QueryColumnsAll, 0x37)                                                                       \
    X(Abort, 0x38)                                                                                 \
    X(CopyTo, 0x39)                                                                                \
    X(CopyToStream, 0x3A)                                                                          \
    X(CloneStream, 0x3B)                                                                           \
    X(GetPermissionsTable, 0x3E)                                                                   \
    X(GetRulesTable, 0x3F)                                                                         \
    X(ModifyPermissions, 0x40)                                                                     \
    X(ModifyRules, 0x41)                                                                           \
    X(GetOwningServers, 0x42)                                                                      \
    X(LongTermIdFromId, 0x43)                                                                      \
    X(IdFromLongTermId, 0x44)                                                                      \
    X(PublicFolderIsGhosted, 0x45)                                                                 \
    X(OpenEmbeddedMessage, 0x46)                                                                   \
    X(SetSpooler, 0x47)                                                                            \
    X(SpoolerLockMessage, 0x48)                                                                    \
    X(GetAddressTypes, 0x49)                                                                       \
    X(TransportSend, 0x4A)                                                                         \
    X(FastTransferSourceCopyMessages, 0x4B)                                                        \
    X(FastTransferSourceCopyFolder, 0x4C)                                                          \
    X(FastTransferSourceCopyTo, 0x4D)                                                              \
    X(FastTransferSourceGetBuffer, 0x4E)                                                           \
    X(FindRow, 0x4F)                                                                               \
    X(Progress, 0x50)                                                                              \
    X(TransportNewMail, 0x51)                                                                      \
    X(GetValidAttachments, 0x52)                                                                   \
    X(FastTransferDestinationConfigure, 0x53)                                                      \
    X(FastTransferDestinationPutBuffer, 0x54)                                                      \
    X(GetNamesFromPropertyIds, 0x55)                                                               \
    X(GetPropertyIdsFromNames, 0x56)                                                               \
    X(UpdateDeferredActionMessages, 0x57)                                                          \
    X(EmptyFolder, 0x58)                                                                           \
    X(ExpandRow, 0x59)                                                                             \
    X(CollapseRow, 0x5A)                                                                           \
    X(LockRegionStream, 0x5B)                                                                      \
    X(UnlockRegionStream, 0x5C)                                                                    \
    X(CommitStream, 0x5D)                                                                          \
    X(GetStreamSize, 0x5E)                                                                         \
    X(QueryNamedProperties, 0x5F)                                                                  \
    X(GetPerUserLongTermIds, 0x60)                                                                 \
    X(GetPerUserGuid, 0x61)                                                                        \
    X(ReadPerUserInformation, 0x63)                                                                \
    X(WritePerUserInformation, 0x64)                                                               \
    X(SetReadFlags, 0x66)                                                                          \
    X(CopyProperties, 0x67)                                                                        \
    X(GetReceiveFolderTable, 0x68)                                                                 \
    X(FastTransferSourceCopyProperties, 0x69)                                                      \
    X(GetCollapseState, 0x6B)                                                                      \
    X(SetCollapseState, 0x6C)                                                                      \
    X(GetTransportFolder, 0x6D)                                                                    \
    X(Pending, 0x6E)                                                                               \
    X(OptionsData, 0x6F)                                                                           \
    X(SynchronizationConfigure, 0x70)                                                              \
    X(SynchronizationImportMessageChange, 0x72)                                                    \
    X(SynchronizationImportHierarchyChange, 0x73)                                                  \
    X(SynchronizationImportDeletes, 0x74)                                                          \
    X(SynchronizationUploadStateStreamBegin, 0x75)                                                 \
    X(SynchronizationUploadStateStreamContinue, 0x76)                                              \
    X(SynchronizationUploadStateStreamEnd, 0x77)                                                   \
    X(SynchronizationImportMessageMove, 0x78)                                                      \
    X(SetPropertiesNoReplicate, 0x79)                                                              \
    X(DeletePropertiesNoReplicate, 0x7A)                                                           \
    X(GetStoreState, 0x7B)                                                                         \
    X(SynchronizationOpenCollector, 0x7E)                                                          \
    X(GetLocalReplicaIds, 0x7F)                                                                    \
    X(SynchronizationImportReadStateChanges, 0x80)                                                 \
    X(ResetTable, 0x81)                                                                            \
    X(SynchronizationGetTransferState, 0x82)                                                       \
    X(TellVersion, 0x86)                                                                           \
    X(FreeBookmark, 0x89)                                                                          \
    X(WriteAndCommitStream, 0x90)                                                                  \
    X(HardDeleteMessages, 0x91)                                                                    \
    X(HardDeleteMessagesAndSubfolders, 0x92)                                                       \
    X(SetLocalReplicaMidsetDeleted, 0x93)                                                          \
    X(FastTransferDestinationPutBufferExtended, 0x9D)                                              \
    X(WriteStreamExtended, 0xA3)                                                                   \
    X(Backoff, 0xF9)                                                                               \
    X(Logon, 0xFE)                                                                                 \
    X(BufferTooSmall, 0xFF)

#define OM_ROP_ENUM_(name, id) Rop##name = id,
enum om__rop_id { OM_ROP_LIST(OM_ROP_ENUM_) };
#undef OM_ROP_ENUM_

/* "RopLogon", or "ROP 0x65" where there is no name. Static storage. */
const char *om__rop_name(uint8_t id);

/* Columns of a table or properties asked for. */
struct om__proptags {
    uint16_t count;
    const om_proptag *tags;
};

/* RopLogon, [MS-OXCSTOR] 2.2.1.1, [MS-OXCROPS] 2.2.3.1 */
/* LogonFlags */
enum {
    OM_LOGON_PRIVATE = 0x01,
    OM_LOGON_UNDER_COVER = 0x02,
    OM_LOGON_GHOSTED = 0x04,
};

/* OpenFlags */
enum {
    OM_OPEN_USE_ADMIN_PRIVILEGE = 0x00000001,
    OM_OPEN_PUBLIC = 0x00000002,
    OM_OPEN_HOME_LOGON = 0x00000004,
    OM_OPEN_TAKE_OWNERSHIP = 0x00000008,
    OM_OPEN_ALTERNATE_SERVER = 0x00000100,
    OM_OPEN_IGNORE_HOME_MDB = 0x00000200,
    OM_OPEN_NO_MAIL = 0x00000400,
    OM_OPEN_USE_PER_MDB_REPLID_MAPPING = 0x01000000,
};

/* ResponseFlags */
enum {
    OM_LOGON_RESPONSE_RESERVED = 0x01,
    OM_LOGON_OWNER_RIGHT = 0x02,
    OM_LOGON_SEND_AS_RIGHT = 0x04,
    OM_LOGON_OUT_OF_OFFICE = 0x10,
};

/* FolderIds of a private mailbox, [MS-OXCSTOR] 2.2.1.1.3 */
enum om__logon_folder {
    OM_FOLDER_ROOT,
    OM_FOLDER_DEFERRED_ACTION,
    OM_FOLDER_SPOOLER_QUEUE,
    OM_FOLDER_IPM_SUBTREE, /* "Top of Information Store": what a person sees */
    OM_FOLDER_INBOX,
    OM_FOLDER_OUTBOX,
    OM_FOLDER_SENT_ITEMS,
    OM_FOLDER_DELETED_ITEMS,
    OM_FOLDER_COMMON_VIEWS,
    OM_FOLDER_SCHEDULE,
    OM_FOLDER_SEARCH,
    OM_FOLDER_VIEWS,
    OM_FOLDER_SHORTCUTS,
    OM_LOGON_FOLDERS,
};

/* FolderIds of the public store, [MS-OXCSTOR] 2.2.1.1.4; the others are 0 */
enum om__logon_public_folder {
    OM_PUBLIC_ROOT = 0,
    OM_PUBLIC_IPM_SUBTREE = 1,
    OM_PUBLIC_NON_IPM_SUBTREE = 2,
    OM_PUBLIC_EFORMS = 3,
    OM_PUBLIC_FREE_BUSY = 4,
    OM_PUBLIC_OAB = 5,
    OM_PUBLIC_EFORMS_LOCALIZED = 6,
    OM_PUBLIC_LOCAL_FREE_BUSY = 7,
    OM_PUBLIC_LOCAL_OAB = 8,
    OM_PUBLIC_NNTP_INDEX = 9,
};

struct om__logon_req {
    uint8_t logon_flags;
    uint32_t open_flags;
    uint32_t store_state; /* 0 */
    const char *essdn;    /* of the mailbox; NULL for a public logon: EssdnSize 0 */
};

struct om__logon_time { /* UTC; a form of its own, not a FILETIME */
    uint8_t seconds, minutes, hour, day_of_week, day, month;
    uint16_t year;
};

struct om__logon_rsp {
    uint8_t logon_flags; /* success and redirect */
    uint64_t folder_ids[OM_LOGON_FOLDERS];
    uint16_t repl_id;
    struct om_guid repl_guid;
    /* private only */
    uint8_t response_flags;
    struct om_guid mailbox_guid;
    struct om__logon_time time;
    uint64_t gwart_time;
    uint32_t store_state;
    /* public only */
    struct om_guid per_user_guid;
    /* ecWrongServer only: the server's distinguished name */
    const char *server_name;
};

/* RopOpenFolder, [MS-OXCROPS] 2.2.4.1 */
struct om__open_folder_req {
    uint64_t folder_id;
    uint8_t open_mode; /* 4: also a soft-deleted folder */
};

struct om__open_folder_rsp {
    bool has_rules;
    bool is_ghosted;
    uint16_t cheap_server_count; /* with is_ghosted */
    uint16_t server_count;
    const char *const *servers;
};

/* RopGetHierarchyTable and RopGetContentsTable, [MS-OXCROPS] 2.2.4.13, 2.2.4.14 */
/* TableFlags */
enum {
    OM_TABLE_ASSOCIATED = 0x02, /* contents: the folder's hidden messages */
    OM_TABLE_DEPTH = 0x04,      /* hierarchy: all levels */
    OM_TABLE_DEFERRED_ERRORS = 0x08,
    OM_TABLE_NO_NOTIFICATIONS = 0x10,
    OM_TABLE_SOFT_DELETES = 0x20,
    OM_TABLE_USE_UNICODE = 0x40,
    OM_TABLE_SUPPRESSES_NOTIFICATIONS = 0x80,
};

struct om__get_table_req {
    uint8_t table_flags;
};

struct om__get_table_rsp {
    uint32_t row_count;
};

/* RopSetColumns, [MS-OXCROPS] 2.2.5.1 */
struct om__set_columns_req {
    uint8_t flags; /* 1: may answer before it is done */
    struct om__proptags columns;
};

struct om__table_status_rsp { /* also RopSortTable */
    uint8_t table_status;     /* 0 complete; [MS-OXCTABL] 2.2.2.1.3 */
};

/* RopSortTable, [MS-OXCROPS] 2.2.5.2 */
struct om__sort_order {
    om_proptag tag;
    uint8_t order; /* 0 ascending, 1 descending, 4 maximum of a category */
};

struct om__sort_table_req {
    uint8_t flags;
    uint16_t count, category_count, expanded_count;
    const struct om__sort_order *orders;
};

/* RopQueryRows, [MS-OXCROPS] 2.2.5.4 */
/* Origin, also of RopSeekRow */
enum {
    OM_BOOKMARK_BEGINNING = 0,
    OM_BOOKMARK_CURRENT = 1,
    OM_BOOKMARK_END = 2,
};

/* QueryRowsFlags, [MS-OXCTABL] 2.2.2.5.1 */
enum {
    OM_QUERY_ROWS_NO_ADVANCE = 0x01,
    OM_QUERY_ROWS_PACKED = 0x02, /* with OM_RPCEXT2_CHAIN: rows in several chained payloads */
};

struct om__query_rows_req {
    uint8_t flags;
    bool forward;
    uint16_t row_count;
    struct om__proptags columns; /* not on the wire: what RopSetColumns set, to read the rows by */
};

struct om__query_rows_rsp {
    uint8_t origin;
    uint16_t row_count;
    struct om_binary row_data; /* the rows as they stand on the wire: what is encoded */
    /* Decoded; NULL where the request named no columns: row_data is the rest of the ROPs then. */
    const struct om_proprow *rows;
};

/* RopQueryPosition, [MS-OXCROPS] 2.2.5.7; RopSeekRow, 2.2.5.8 */
struct om__query_position_rsp {
    uint32_t numerator, denominator;
};

struct om__seek_row_req {
    uint8_t origin;
    int32_t row_count;
    bool want_moved_count;
};

struct om__seek_row_rsp {
    bool has_sought_less;
    int32_t rows_sought;
};

/* RopGetPropertiesSpecific and RopGetPropertiesAll, [MS-OXCROPS] 2.2.8.3, 2.2.8.4 */
struct om__get_props_req {
    uint16_t size_limit;      /* 0: none */
    uint16_t want_unicode;    /* for PT_UNSPECIFIED */
    struct om__proptags tags; /* ...Specific only */
};

struct om__get_props_rsp {
    struct om__proptags columns; /* ...Specific only; not on the wire: taken from the request */
    struct om_proprow row;
};

struct om__rop_request {
    uint8_t id; /* enum om__rop_id, or another */
    uint8_t logon_id;
    uint8_t in;  /* InputHandleIndex; unused by RopLogon */
    uint8_t out; /* OutputHandleIndex, where the ROP makes an object */
    bool opaque; /* no codec: the rest of the buffer from RopId on is in `rest` */
    union {
        struct om__logon_req logon;
        struct om__open_folder_req open_folder;
        struct om__get_table_req get_table;
        struct om__set_columns_req set_columns;
        struct om__sort_table_req sort_table;
        struct om__query_rows_req query_rows;
        struct om__seek_row_req seek_row;
        struct om__get_props_req get_props;
        struct om_binary rest;
    };
};

/* RopBackoff, [MS-OXCROPS] 2.2.15.2 */
struct om__backoff_rop {
    uint8_t id;
    uint32_t duration_ms;
};

struct om__backoff_rsp {
    uint8_t logon_id;
    uint32_t duration_ms;
    uint8_t rop_count;
    const struct om__backoff_rop *rops;
    struct om_binary additional;
};

/* RopBufferTooSmall, [MS-OXCROPS] 2.2.15.1 */
struct om__too_small_rsp {
    uint16_t size_needed;
    struct om_binary requests; /* those not done, from the one that did not fit on */
};

/* RopNotify, [MS-OXCROPS] 2.2.14.2: always the last that is read; its data is left as bytes */
struct om__notify_rsp {
    uint32_t handle;
    uint8_t logon_id;
    struct om_binary data;
};

struct om__rop_response {
    uint8_t id;
    uint8_t handle_index; /* OutputHandleIndex, or InputHandleIndex where nothing was made */
    bool opaque;
    uint32_t ec; /* ReturnValue: an Exchange ec code as it came, not an om_status */
    union {
        struct om__logon_rsp logon; /* ec 0, or ecWrongServer */
        struct om__open_folder_rsp open_folder;
        struct om__get_table_rsp get_table;
        struct om__table_status_rsp table_status; /* RopSetColumns, RopSortTable */
        struct om__query_rows_rsp query_rows;
        struct om__query_position_rsp query_position;
        struct om__seek_row_rsp seek_row;
        struct om__get_props_rsp get_props;
        struct om__backoff_rsp backoff;
        struct om__too_small_rsp too_small;
        struct om__notify_rsp notify;
        uint16_t pending_session; /* RopPending, [MS-OXCROPS] 2.2.14.3 */
        struct om_binary rest;    /* opaque: from RopId on to the end of the ROPs */
    };
};

/* Which handle indices a request names; a response names the last of them. */
enum om__rop_handles {
    OM_ROP_IN,     /* InputHandleIndex */
    OM_ROP_OUT,    /* OutputHandleIndex: RopLogon, which starts from nothing */
    OM_ROP_IN_OUT, /* both */
};

/*
 * How one ROP stands on the wire. The functions read and write what is the ROP's own, behind RopId,
 * LogonId and handle indices, or behind ReturnValue; NULL where there is nothing.
 */
struct om__rop_codec {
    uint8_t id;
    enum om__rop_handles handles;
    bool no_response;
    uint32_t failure_with_fields; /* a ReturnValue other than 0 with fields behind it; 0: none */
    void (*req_get)(struct om_rd *r, struct om_arena *a, struct om__rop_request *out);
    void (*req_put)(struct om_wr *w, const struct om__rop_request *in);
    /* req: the request answered; NULL where it is not known */
    void (*rsp_get)(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                    struct om__rop_response *out);
    void (*rsp_put)(struct om_wr *w, const struct om__rop_response *in);
};

/* NULL: no codec. RopBackoff, RopBufferTooSmall, RopNotify and RopPending have none: no request. */
const struct om__rop_codec *om__rop_codec(uint8_t id);

/*
 * One ROP from RopId on. Without a codec it is opaque and takes what is left of the cursor, which
 * is to hold the ROPs and nothing else. Arrays and converted strings are in the arena, the rest is
 * borrowed.
 */
void om__rop_request_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out);
void om__rop_request_put(struct om_wr *w, const struct om__rop_request *req);
void om__rop_response_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                          struct om__rop_response *out);
void om__rop_response_put(struct om_wr *w, const struct om__rop_response *rsp);

/* Requests of one buffer, as a server reads them. */
struct om__rop_requests {
    uint32_t count;
    struct om__rop_request *list; /* in the arena; a server fills in query_rows.columns by itself */
    uint32_t handle_count;
    uint32_t *handles; /* the Server object handle table, in the arena; 0xFFFFFFFF: to be made */
};

/*
 * A payload of rgbIn: every ROP up to the first without a codec, which becomes an opaque last one.
 * What is malformed is MAPI_E_CORRUPT_DATA; the server's answer to both is ecRpcFormat for the
 * call. Handle indices are not checked against the table here: 0x4B9 is the answer of the one ROP.
 */
om_status om__rop_requests_decode(const uint8_t *payload, size_t n, struct om_arena *a,
                                  struct om__rop_requests *out, struct om_error *err);

/* A whole payload of rgbOut. RopRelease has no response: leave it out of the list. */
void om__rop_responses_encode(struct om_wr *w, const struct om__rop_response *list, size_t count,
                              const uint32_t *handles, size_t handle_count);

/*
 * Row data for RopQueryRows: writes rows while they fit into `limit` bytes of w from where it
 * stands and gives how many did. A row alone larger than the limit gives 0: the ROP fails with
 * ecBufferTooSmall then ([MS-OXCTABL] 3.2.5.5). The cursor fails when memory is out or a row does
 * not fit its columns.
 */
size_t om__rop_rows_put(struct om_wr *w, size_t limit, const struct om__proptags *columns,
                        const struct om_proprow *rows, size_t count);

/* A response that is a failure and nothing else: RopId, handle index, ReturnValue. */
struct om__rop_response om__rop_failure(const struct om__rop_request *req, uint32_t ec);

#endif
