/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, in full.
 *
 * Every public function that can fail returns an om_status and takes a `struct om_error *` of the
 * caller's (NULL when the detail is not wanted). The structure owns no memory, so it can be filled
 * when there is none left, copied by assignment and dropped without a call.
 *
 * The first failure writes status, layer, cause, native code, target, doing and detail; callers
 * further out add frames, never overwrite. So the innermost cause always survives:
 * MAPI_E_FAILONEPROVIDER comes with the layer and cause beneath it.
 */
#ifndef ONEMAPI_ERROR_H
#define ONEMAPI_ERROR_H

#include <onemapi/status.h>

OM_BEGIN_DECLS

/* Where it failed. id, printed name */
#define OM_LAYER_LIST(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(USAGE, "usage")                                                                              \
    X(STORE, "store")     /* the profile store's file */                                           \
    X(PROFILE, "profile") /* what the profile says */                                              \
    X(MAP, "map")         /* what RpcHttpProxyMap says */                                          \
    X(ROUTE, "route")     /* profile and map against the target */                                 \
    X(DNS, "dns")                                                                                  \
    X(TCP, "tcp")                                                                                  \
    X(TLS, "tls")                                                                                  \
    X(HTTP, "http")                                                                                \
    X(RTS, "rts") /* RPC over HTTP's own PDUs */                                                   \
    X(RPC, "rpc")                                                                                  \
    X(AUTH, "auth")                                                                                \
    X(EPM, "epm")                                                                                  \
    X(RFR, "rfr")                                                                                  \
    X(NSPI, "nspi")                                                                                \
    X(EMSMDB, "emsmdb")                                                                            \
    X(ROP, "rop")                                                                                  \
    X(SESSION, "session")                                                                          \
    X(SYSTEM, "system") /* memory, threads, the local machine */

/* Why. id, printed name (stable: scripts see it in --json), text */
#define OM_CAUSE_LIST(X)                                                                           \
    X(NONE, "none", "no cause recorded")                                                           \
    X(NO_MEMORY, "no-memory", "memory ran out")                                                    \
    X(IO, "io", "reading or writing failed")                                                       \
    X(DISK_FULL, "disk-full", "the disk is full")                                                  \
    X(READ_ONLY, "read-only", "the file or its folder is read-only")                               \
    X(DAMAGED, "damaged", "the file is damaged")                                                   \
    X(NEWER_FORMAT, "newer-format", "the file was written by a newer version")                     \
    X(LOCKED, "locked", "another process holds it")                                                \
    X(BAD_ARGUMENT, "bad-argument", "an argument is not valid")                                    \
    X(BAD_SYNTAX, "bad-syntax", "the text cannot be read")                                         \
    X(NOT_FOUND, "not-found", "it does not exist")                                                 \
    X(EXISTS, "exists", "it exists already")                                                       \
    X(AMBIGUOUS, "ambiguous", "the name fits more than one entry")                                 \
    X(INCOMPLETE, "incomplete", "something needed is not set")                                     \
    X(NO_MAP_ENTRY, "no-map-entry", "no entry of the proxy map matches")                           \
    X(PROXY_BLOCKS_LEGACY, "proxy-blocks-legacy",                                                  \
      "the profile's RPC proxy would be used for a legacy server")                                 \
    X(UNRESOLVED_HOST, "unresolved-host", "the name has no address")                               \
    X(REFUSED, "refused", "the connection was refused")                                            \
    X(UNREACHABLE, "unreachable", "the network or host cannot be reached")                         \
    X(TIMEOUT, "timeout", "no answer came in time")                                                \
    X(CLOSED, "closed", "the peer closed the connection")                                          \
    X(RESET, "reset", "the connection was reset")                                                  \
    X(CERTIFICATE, "certificate", "the certificate is not trusted")                                \
    X(TLS_FAILED, "tls-failed", "TLS could not be set up")                                         \
    X(AUTH_NOT_OFFERED, "auth-not-offered", "the server does not offer this method")               \
    X(BAD_CREDENTIALS, "bad-credentials", "the user name or password was refused")                 \
    X(NO_CREDENTIALS, "no-credentials", "no user name or password is known")                       \
    X(AUTH_FAILED, "auth-failed", "the security exchange failed")                                  \
    X(BAD_SIGNATURE, "bad-signature", "a signature does not match")                                \
    X(NOT_ENCRYPTED, "not-encrypted", "the server demands encrypted RPC")                          \
    X(HTTP_STATUS, "http-status", "the web server answered with an error")                         \
    X(PROXY_ERROR, "proxy-error", "the RPC proxy could not reach the server behind it")            \
    X(PROTOCOL, "protocol", "the peer broke the protocol")                                         \
    X(TOO_LARGE, "too-large", "more than the ceiling allows")                                      \
    X(BIND_REFUSED, "bind-refused", "the server does not serve this interface")                    \
    X(FAULT, "fault", "the server answered with an RPC fault")                                     \
    X(NOT_REGISTERED, "not-registered", "the endpoint mapper does not know the interface")         \
    X(SERVER_ERROR, "server-error", "the server answered with an error")                           \
    X(ACCESS_DENIED, "access-denied", "no right to do this")                                       \
    X(UNKNOWN_USER, "unknown-user", "the server has no such mailbox")                              \
    X(WRONG_SERVER, "wrong-server", "the mailbox is on another server")                            \
    X(VERSION_BLOCKED, "version-blocked", "the server blocks this client version")                 \
    X(NOT_CONFIGURED, "not-configured", "the store is not the mailbox's home")                     \
    X(THROTTLED, "throttled", "the server limits this client")                                     \
    X(NO_PUBLIC_STORE, "no-public-store", "there is no public folder store")                       \
    X(UNSUPPORTED, "unsupported", "not supported")                                                 \
    X(CANCELLED, "cancelled", "cancelled")                                                         \
    X(INTERNAL, "internal", "a mistake in onemapi")

/* What `native` counts in. id, printed name */
#define OM_NATIVE_LIST(X)                                                                          \
    X(NONE, "")                                                                                    \
    X(ERRNO, "errno")                                                                              \
    X(CURL, "curl")                                                                                \
    X(TLS, "tls")                                                                                  \
    X(HTTP, "http")           /* status code */                                                    \
    X(RPC_PROXY, "rpc-proxy") /* the hex of "RPC Error: 6ba" [MS-RPCH] 2.1.2.1.3 */                \
    X(RPC_FAULT, "rpc-fault") /* [C706], [MS-RPCE], Win32 */                                       \
    X(BIND_REASON, "bind-reason")                                                                  \
    X(GSS, "gss") /* major status */                                                               \
    X(EPM, "epm")                                                                                  \
    X(EC, "ec") /* Exchange ec* or MAPI code from the wire */                                      \
    X(SQLITE, "sqlite")                                                                            \
    X(OFFSET, "offset") /* byte offset in what could not be decoded */                             \
    X(COLUMN, "column")

#define OM_LAYER_ENUM_(id, name) OM_LAYER_##id,
enum om_layer { OM_LAYER_LIST(OM_LAYER_ENUM_) OM_LAYER_COUNT_ };
#undef OM_LAYER_ENUM_

#define OM_CAUSE_ENUM_(id, name, text) OM_CAUSE_##id,
enum om_cause { OM_CAUSE_LIST(OM_CAUSE_ENUM_) OM_CAUSE_COUNT_ };
#undef OM_CAUSE_ENUM_

#define OM_NATIVE_ENUM_(id, name) OM_NATIVE_##id,
enum om_native { OM_NATIVE_LIST(OM_NATIVE_ENUM_) OM_NATIVE_COUNT_ };
#undef OM_NATIVE_ENUM_

#define OM_ERROR_FRAMES 8

/* A step further out that did not work because of the failure beneath it. */
struct om_error_frame {
    enum om_layer layer;
    om_status status; /* what this step turns the failure into, e.g. MAPI_E_FAILONEPROVIDER */
    char text[160];
};

struct om_error {
    om_status status; /* of the innermost failure; OM_OK while nothing was recorded */
    enum om_layer layer;
    enum om_cause cause;
    enum om_native native_kind;
    uint32_t native;  /* the code exactly as the other side or the system gave it */
    char target[192]; /* host:port, server id, file, profile: what it was done to */
    char doing[128];  /* "RopLogon of bob", "binding NSPI": what was being done */
    char detail[256]; /* what was seen, for a person; may be empty */
    unsigned frame_count;
    struct om_error_frame frames[OM_ERROR_FRAMES]; /* innermost first */
};

#define OM_ERROR_INIT                                                                              \
    {                                                                                              \
        OM_OK, OM_LAYER_NONE, OM_CAUSE_NONE, OM_NATIVE_NONE, 0, "", "", "", 0,                     \
        {                                                                                          \
            {                                                                                      \
                OM_LAYER_NONE, OM_OK, ""                                                           \
            }                                                                                      \
        }                                                                                          \
    }

OM_API void om_error_clear(struct om_error *err);

/* Printed names; never NULL, static storage. */
OM_API const char *om_layer_name(enum om_layer layer);
OM_API const char *om_cause_name(enum om_cause cause);
OM_API const char *om_cause_text(enum om_cause cause);
OM_API const char *om_native_name(enum om_native kind);

/* What to do about it, one sentence or two. Never NULL, may be "". Static storage. */
OM_API const char *om_error_hint(const struct om_error *err);

/* The status as seen by the caller: the outermost frame's, or the failure's own. */
OM_API om_status om_error_status(const struct om_error *err);

/*
 * "LAYER: what failed: cause (MAPI_E_NAME 0x........)", NUL-terminated, cut to size.
 * Returns the length without the cut, as snprintf does.
 */
OM_API int om_error_format(const struct om_error *err, char *buf, size_t size);

OM_END_DECLS

#endif
