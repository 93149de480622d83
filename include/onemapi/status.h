/* SPDX-License-Identifier: MIT */
/*
 * Result codes.
 *
 * om_status is 0 for success, negative for a MAPI SCODE (the severity bit of MAPI_E_* makes it so)
 * and positive for a MAPI warning (MAPI_W_*). Exchange's own ec* codes are small positive numbers
 * on the wire and are never an om_status: om_status_from_ec() is the one place that converts them.
 *
 * Sources: [MS-OXCDATA] 2.4 (error codes), [MS-OXCRPC] 3.1.4 (return values of the EMSMDB calls).
 */
#ifndef ONEMAPI_STATUS_H
#define ONEMAPI_STATUS_H

#include <onemapi/api.h>

OM_BEGIN_DECLS

typedef int32_t om_status;

#define OM_OK            ((om_status)0)
#define OM_FAILED(st)    ((om_status)(st) < 0)
#define OM_STATUS(scode) ((om_status)(uint32_t)(scode))

/* name, SCODE, meaning. The names are MAPI's own (mapicode.h, edkmdb.h). */
#define OM_STATUS_LIST(X)                                                                          \
    X(MAPI_E_CALL_FAILED, 0x80004005, "the call failed")                                           \
    X(MAPI_E_NOT_ENOUGH_MEMORY, 0x8007000E, "not enough memory")                                   \
    X(MAPI_E_INVALID_PARAMETER, 0x80070057, "an argument is not valid")                            \
    X(MAPI_E_INTERFACE_NOT_SUPPORTED, 0x80004002, "the interface is not supported")                \
    X(MAPI_E_NO_ACCESS, 0x80070005, "access is denied")                                            \
    X(MAPI_E_NO_SUPPORT, 0x80040102, "not supported by this server or object")                     \
    X(MAPI_E_BAD_CHARWIDTH, 0x80040103, "character width not supported")                           \
    X(MAPI_E_STRING_TOO_LONG, 0x80040105, "a string is too long")                                  \
    X(MAPI_E_UNKNOWN_FLAGS, 0x80040106, "a flag is not known")                                     \
    X(MAPI_E_INVALID_ENTRYID, 0x80040107, "the entry identifier is not valid")                     \
    X(MAPI_E_INVALID_OBJECT, 0x80040108, "the object is not valid")                                \
    X(MAPI_E_OBJECT_CHANGED, 0x80040109, "the object was changed by someone else")                 \
    X(MAPI_E_OBJECT_DELETED, 0x8004010A, "the object was deleted")                                 \
    X(MAPI_E_BUSY, 0x8004010B, "the server is busy")                                               \
    X(MAPI_E_NOT_ENOUGH_DISK, 0x8004010D, "the disk is full")                                      \
    X(MAPI_E_NOT_ENOUGH_RESOURCES, 0x8004010E, "not enough resources")                             \
    X(MAPI_E_NOT_FOUND, 0x8004010F, "not found")                                                   \
    X(MAPI_E_VERSION, 0x80040110, "the versions do not match")                                     \
    X(MAPI_E_LOGON_FAILED, 0x80040111, "the logon failed")                                         \
    X(MAPI_E_SESSION_LIMIT, 0x80040112, "too many sessions")                                       \
    X(MAPI_E_USER_CANCEL, 0x80040113, "cancelled by the user")                                     \
    X(MAPI_E_UNABLE_TO_ABORT, 0x80040114, "the operation cannot be stopped")                       \
    X(MAPI_E_NETWORK_ERROR, 0x80040115, "the server cannot be reached")                            \
    X(MAPI_E_DISK_ERROR, 0x80040116, "reading or writing the disk failed")                         \
    X(MAPI_E_TOO_COMPLEX, 0x80040117, "too complex for the server")                                \
    X(MAPI_E_BAD_COLUMN, 0x80040118, "a column is not valid here")                                 \
    X(MAPI_E_EXTENDED_ERROR, 0x80040119, "the provider reported an error of its own")              \
    X(MAPI_E_COMPUTED, 0x8004011A, "the property is computed and cannot be changed")               \
    X(MAPI_E_CORRUPT_DATA, 0x8004011B, "the data is damaged")                                      \
    X(MAPI_E_UNCONFIGURED, 0x8004011C, "the provider is not configured")                           \
    X(MAPI_E_FAILONEPROVIDER, 0x8004011D, "one provider failed")                                   \
    X(MAPI_E_UNKNOWN_CPID, 0x8004011E, "the code page is not known")                               \
    X(MAPI_E_UNKNOWN_LCID, 0x8004011F, "the locale is not known")                                  \
    X(MAPI_E_PASSWORD_CHANGE_REQUIRED, 0x80040120, "the password must be changed")                 \
    X(MAPI_E_PASSWORD_EXPIRED, 0x80040121, "the password has expired")                             \
    X(MAPI_E_INVALID_WORKSTATION_ACCOUNT, 0x80040122, "this workstation's account is not valid")   \
    X(MAPI_E_INVALID_ACCESS_TIME, 0x80040123, "logon is not allowed at this time")                 \
    X(MAPI_E_ACCOUNT_DISABLED, 0x80040124, "the account is disabled")                              \
    X(MAPI_E_CONNECTION_LOST, 0x80040125, "the connection was lost")                               \
    X(MAPI_E_END_OF_SESSION, 0x80040200, "the session is at its end")                              \
    X(MAPI_E_UNKNOWN_ENTRYID, 0x80040201, "the entry identifier is not known")                     \
    X(MAPI_E_MISSING_REQUIRED_COLUMN, 0x80040202, "a required column is missing")                  \
    X(MAPI_E_BAD_VALUE, 0x80040301, "a value is not valid")                                        \
    X(MAPI_E_INVALID_TYPE, 0x80040302, "the property type is not valid")                           \
    X(MAPI_E_TYPE_NO_SUPPORT, 0x80040303, "the property type is not supported")                    \
    X(MAPI_E_UNEXPECTED_TYPE, 0x80040304, "the property has another type")                         \
    X(MAPI_E_TOO_BIG, 0x80040305, "too big")                                                       \
    X(MAPI_E_DECLINE_COPY, 0x80040306, "the provider declines the copy")                           \
    X(MAPI_E_UNEXPECTED_ID, 0x80040307, "the property identifier is not expected here")            \
    X(MAPI_E_UNABLE_TO_COMPLETE, 0x80040400, "the operation cannot be completed")                  \
    X(MAPI_E_TIMEOUT, 0x80040401, "the time ran out")                                              \
    X(MAPI_E_TABLE_EMPTY, 0x80040402, "the table is empty")                                        \
    X(MAPI_E_TABLE_TOO_BIG, 0x80040403, "the table is too big")                                    \
    X(MAPI_E_INVALID_BOOKMARK, 0x80040405, "the bookmark is not valid")                            \
    X(MAPI_E_WAIT, 0x80040500, "another operation must end first")                                 \
    X(MAPI_E_CANCEL, 0x80040501, "cancelled")                                                      \
    X(MAPI_E_COLLISION, 0x80040604, "an object of that name exists")                               \
    X(MAPI_E_NOT_INITIALIZED, 0x80040605, "not initialised")                                       \
    X(MAPI_E_HAS_FOLDERS, 0x80040609, "the folder has folders in it")                              \
    X(MAPI_E_HAS_MESSAGES, 0x8004060A, "the folder has messages in it")                            \
    X(MAPI_E_FOLDER_CYCLE, 0x8004060B, "the folder would contain itself")                          \
    X(MAPI_E_AMBIGUOUS_RECIP, 0x80040700, "the name fits more than one entry")                     \
    X(MAPI_W_NO_SERVICE, 0x00040203, "the service is not there")                                   \
    X(MAPI_W_ERRORS_RETURNED, 0x00040380, "some properties were not returned")                     \
    X(MAPI_W_POSITION_CHANGED, 0x00040481, "the position in the table changed")                    \
    X(MAPI_W_APPROX_COUNT, 0x00040482, "the count is approximate")                                 \
    X(MAPI_W_PARTIAL_COMPLETION, 0x00040680, "done in part")

#define OM_STATUS_ENUM_(name, scode, text) name = OM_STATUS(scode),
enum om_status_code { OM_STATUS_LIST(OM_STATUS_ENUM_) OM_STATUS_LAST_ = OM_OK };
#undef OM_STATUS_ENUM_

/* "MAPI_E_LOGON_FAILED", or NULL when the code is not one of the list above. Static storage. */
OM_API const char *om_status_name(om_status st);

/* "the logon failed", or NULL. Static storage. */
OM_API const char *om_status_text(om_status st);

/*
 * The om_status of an Exchange ec* code as it stands on the wire ([MS-OXCDATA] 2.4). Codes that
 * are already SCODEs (0x8...) keep their value; an ec code without a MAPI meaning becomes
 * MAPI_E_CALL_FAILED, so that no failure can look like success or a warning. 0 is OM_OK.
 */
OM_API om_status om_status_from_ec(uint32_t ec);

/* "ecNotEncrypted", or NULL. Static storage. */
OM_API const char *om_ec_name(uint32_t ec);

/*
 * The name and meaning of an RPC fault's status: "nca_s_unk_if", "RPC_X_BAD_STUB_DATA"; NULL when
 * it is not a known one. Static storage. [C706] appendix E, [MS-ERREF] 2.2.
 */
OM_API const char *om_rpc_fault_name(uint32_t code);
OM_API const char *om_rpc_fault_text(uint32_t code);

OM_END_DECLS

#endif
