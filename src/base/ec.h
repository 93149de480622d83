/* SPDX-License-Identifier: MIT */
/*
 * Exchange's ec* codes: [MS-OXCDATA] 2.4 and 2.4.1 (additional error codes). What they mean where a
 * session begins: [MS-OXCRPC] 3.1.4.1 (EcDoConnectEx), 3.1.4.4 (EcDoAsyncConnectEx), [MS-OXCSTOR]
 * 3.2.5.1.3 (RopLogon). status.c is the one mapper to om_status.
 */
#ifndef OM_BASE_EC_H
#define OM_BASE_EC_H

#include <onemapi/error.h>

/* name, code on the wire, status, cause, meaning */
#define OM_EC_LIST(X)                                                                              \
    X(ecSuccess, 0x00000000, OM_OK, NONE, "success")                                               \
    X(ecProfileNotConfigured, 0x0000011C, MAPI_E_UNCONFIGURED, NOT_CONFIGURED,                     \
      "this store is not the mailbox's home, and administrator's access was not asked for")        \
    X(ecJetError, 0x000003EA, MAPI_E_CALL_FAILED, SERVER_ERROR, "the server's database failed")    \
    X(ecUnknownUser, 0x000003EB, MAPI_E_LOGON_FAILED, UNKNOWN_USER,                                \
      "the server does not know this mailbox")                                                     \
    X(ecExiting, 0x000003ED, MAPI_E_END_OF_SESSION, SERVER_ERROR, "the server is shutting down")   \
    X(ecBadConfig, 0x000003EE, MAPI_E_UNCONFIGURED, SERVER_ERROR,                                  \
      "the server's protocol settings for this user are wrong")                                    \
    X(ecUnknownCodePage, 0x000003EF, MAPI_E_UNKNOWN_CPID, SERVER_ERROR,                            \
      "the server does not have this code page")                                                   \
    X(ecServerMemory, 0x000003F0, MAPI_E_NOT_ENOUGH_RESOURCES, SERVER_ERROR,                       \
      "the server is out of memory")                                                               \
    X(ecLoginPerm, 0x000003F2, MAPI_E_NO_ACCESS, ACCESS_DENIED,                                    \
      "the user has no right to log on to this mailbox")                                           \
    X(ecDatabaseRolledBack, 0x000003F3, MAPI_E_CALL_FAILED, SERVER_ERROR,                          \
      "the database was restored and cannot be repaired")                                          \
    X(ecDatabaseCopiedError, 0x000003F4, MAPI_E_CALL_FAILED, SERVER_ERROR,                         \
      "the database was copied from another server")                                               \
    X(ecAuditNotAllowed, 0x000003F5, MAPI_E_NO_ACCESS, ACCESS_DENIED,                              \
      "security auditing is not permitted")                                                        \
    X(ecInvalidRecips, 0x00000467, MAPI_E_BAD_VALUE, SERVER_ERROR, "recipients are not valid")     \
    X(ecNoReplicaHere, 0x00000468, MAPI_E_NOT_FOUND, NOT_FOUND,                                    \
      "this server has no replica of the public folder")                                           \
    X(ecNoReplicaAvailable, 0x00000469, MAPI_E_NOT_FOUND, NOT_FOUND,                               \
      "no server that can be reached has a replica of the public folder")                          \
    X(ecMDBNotInit, 0x00000476, MAPI_E_CALL_FAILED, SERVER_ERROR,                                  \
      "the mailbox database is not mounted")                                                       \
    X(ecWrongServer, 0x00000478, MAPI_E_LOGON_FAILED, WRONG_SERVER,                                \
      "the mailbox is on another server")                                                          \
    X(ecBufferTooSmall, 0x0000047D, MAPI_E_TOO_BIG, SERVER_ERROR,                                  \
      "the answer does not fit in the buffer offered")                                             \
    X(ecServerPaused, 0x0000047F, MAPI_E_BUSY, THROTTLED,                                          \
      "the server refuses logons for a while after repeated tries at the wrong server")            \
    X(ecServerBusy, 0x00000480, MAPI_E_BUSY, THROTTLED, "the server is busy")                      \
    X(ecNoSuchLogon, 0x00000481, MAPI_E_END_OF_SESSION, SERVER_ERROR,                              \
      "the server has no such logon")                                                              \
    X(ecRpcFormat, 0x000004B6, MAPI_E_CORRUPT_DATA, SERVER_ERROR,                                  \
      "the server could not read the ROP buffer")                                                  \
    X(ecNullObject, 0x000004B9, MAPI_E_INVALID_OBJECT, SERVER_ERROR, "a handle names no object")   \
    X(ecRpcAuthentication, 0x000004BC, MAPI_E_LOGON_FAILED, AUTH_FAILED,                           \
      "the server demands authenticated RPC")                                                      \
    X(ecRpcBadAuthenticationLevel, 0x000004BD, MAPI_E_LOGON_FAILED, AUTH_NOT_OFFERED,              \
      "the server does not know the authentication level")                                         \
    X(ecMaxObjsExceeded, 0x000004DE, MAPI_E_NOT_ENOUGH_RESOURCES, THROTTLED,                       \
      "too many objects of one kind are open")                                                     \
    X(ecClientVerDisallowed, 0x000004DF, MAPI_E_VERSION, VERSION_BLOCKED,                          \
      "the server blocks this client version")                                                     \
    X(ecRpcHttpDisallowed, 0x000004E0, MAPI_E_LOGON_FAILED, ACCESS_DENIED,                         \
      "the server does not let this user in by RPC over HTTP")                                     \
    X(ecCachedModeRequired, 0x000004E1, MAPI_E_LOGON_FAILED, ACCESS_DENIED,                        \
      "the server lets this user in with cached mode only")                                        \
    X(ecMailboxInTransit, 0x0000050C, MAPI_E_LOGON_FAILED, SERVER_ERROR,                           \
      "the mailbox is being moved")                                                                \
    X(ecProtocolDisabled, 0x000007D8, MAPI_E_LOGON_FAILED, ACCESS_DENIED,                          \
      "MAPI is disabled for this mailbox")                                                         \
    X(ecRejected, 0x000007EE, MAPI_E_NO_SUPPORT, UNSUPPORTED,                                      \
      "the server rejects the call: notifications are disabled, or one waits already")             \
    X(ecUnknownMailbox, 0x0000089B, MAPI_E_LOGON_FAILED, UNKNOWN_USER,                             \
      "the address book has no mailbox for this logon")                                            \
    X(ecMailboxDisabled, 0x0000096C, MAPI_E_ACCOUNT_DISABLED, ACCESS_DENIED,                       \
      "the mailbox is disabled")                                                                   \
    X(ecADUnavailable, 0x0000096E, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                             \
      "the server cannot reach its directory")                                                     \
    X(ecADError, 0x0000096F, MAPI_E_CALL_FAILED, SERVER_ERROR, "the server's directory failed")    \
    X(ecNotEncrypted, 0x00000970, MAPI_E_LOGON_FAILED, NOT_ENCRYPTED,                              \
      "the server demands encrypted RPC")                                                          \
    X(ecADNotFound, 0x00000971, MAPI_E_NOT_FOUND, NOT_FOUND,                                       \
      "the server's directory has no such object")                                                 \
    X(ecRpcServerTooBusy, 0x00000973, MAPI_E_BUSY, THROTTLED,                                      \
      "a server behind this one is too busy")                                                      \
    X(ecRpcServerUnavailable, 0x00000977, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                      \
      "a server behind this one is not available")                                                 \
    X(ecError, 0x80004005, MAPI_E_CALL_FAILED, SERVER_ERROR, "the call failed")                    \
    X(ecNotSupported, 0x80040102, MAPI_E_NO_SUPPORT, UNSUPPORTED, "not supported by the server")   \
    X(ecNotFound, 0x8004010F, MAPI_E_NOT_FOUND, NOT_FOUND, "not found")                            \
    X(ecVersionMismatch, 0x80040110, MAPI_E_VERSION, VERSION_BLOCKED,                              \
      "the server does not work with this client version")                                         \
    X(ecLoginFailure, 0x80040111, MAPI_E_LOGON_FAILED, BAD_CREDENTIALS, "the logon failed")        \
    X(ecRpcFailed, 0x80040115, MAPI_E_NETWORK_ERROR, SERVER_ERROR,                                 \
      "the call failed on its way, or a buffer of it was too short")                               \
    X(ecTooBig, 0x80040305, MAPI_E_TOO_BIG, SERVER_ERROR, "too large for the server")              \
    X(ecDuplicateName, 0x80040604, MAPI_E_COLLISION, SERVER_ERROR, "the name exists")              \
    X(ecAmbiguousRecip, 0x80040700, MAPI_E_AMBIGUOUS_RECIP, AMBIGUOUS,                             \
      "the name fits more than one entry")                                                         \
    X(ecAccessDenied, 0x80070005, MAPI_E_NO_ACCESS, ACCESS_DENIED, "access is denied")             \
    X(ecMAPIOOM, 0x8007000E, MAPI_E_NOT_ENOUGH_MEMORY, SERVER_ERROR,                               \
      "the server is out of memory")                                                               \
    X(ecInvalidParam, 0x80070057, MAPI_E_INVALID_PARAMETER, SERVER_ERROR,                          \
      "the server refuses a parameter")

struct om__ec_info {
    uint32_t code;
    om_status status;
    enum om_cause cause;
    const char *name, *text;
};

/* The row of a code as it stood on the wire, or NULL. */
const struct om__ec_info *om__ec_find(uint32_t ec);

/*
 * Records an ec code from the wire: status and cause by the table, native the code verbatim.
 * `doing` names the call ("EcDoConnectEx", "RopLogon"). Gives the status; ec 0 gives OM_OK.
 */
om_status om__fail_ec(struct om_error *err, enum om_layer layer, uint32_t ec, const char *doing);

#endif
