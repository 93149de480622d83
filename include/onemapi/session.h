/* SPDX-License-Identifier: MIT */
/*
 * A session: one profile, logged on. From the profile, the proxy map and a user's credentials to
 * the address book, the profile's own mailbox, and any other mailbox of the organisation, whatever
 * the age of the server it is on.
 *
 * A session belongs to one thread at a time; different sessions to different threads freely.
 * Every call ends within the session's time-out.
 */
#ifndef ONEMAPI_SESSION_H
#define ONEMAPI_SESSION_H

#include <onemapi/map.h>
#include <onemapi/profile.h>
#include <onemapi/trace.h>

OM_BEGIN_DECLS

struct om_session;
struct om_mailbox;

/* Who logs on. Strings are copied; the session wipes its copy of the password. */
struct om_credentials {
    const char *user;     /* "DOMAIN\\user" or "user@domain" */
    const char *password; /* UTF-8 */
};

struct om_session_options {
    struct om_credentials rpc;  /* inside RPC: who the server sees */
    struct om_credentials http; /* at the RPC proxy; .user NULL: the same as rpc */
    const char *ca_file;        /* more trusted certificates, PEM; NULL: the system's only */
    const char *const
        *resolve;   /* "HOST[:PORT]:ADDR[:PORT]", tried before DNS; NULL-terminated, or NULL */
    int timeout_ms; /* of every single wait and of connecting; 0: 30 s */
    const char *client_version; /* announced to the server, "15.0.4420.1017"; NULL: the default */
    om_trace_fn *trace;         /* NULL: nobody listens */
    void *trace_ctx;
};

/*
 * Reads the profile and prepares; nothing is connected yet. `profile` NULL is the default one. The
 * store is borrowed until the session is closed; the options are copied.
 */
OM_API om_status om_session_open(struct om_store *store, const char *profile,
                                 const struct om_session_options *options, struct om_session **out,
                                 struct om_error *err) OM_MUST_CHECK;

/* Closes its mailboxes and connections, bounded in time. NULL-safe. */
OM_API void om_session_close(struct om_session *session);

/* The profile's name. Borrowed from the session. */
OM_API const char *om_session_profile(const struct om_session *session);

/* How a server was reached. */
struct om_connection_info {
    const char *server;         /* as routed: "guid@domain" or a host name */
    const char *server_version; /* "15.0.847.32", from EcDoConnectEx */
    const char *server_age;     /* "2007", "2010", "2013", "2016", "2019" or "" when unknown */
    const char *transport;      /* "ncacn_http", "ncacn_ip_tcp" */
    const char *proxy;          /* "host:port"; NULL without one */
    const char *http_auth;      /* "basic", "ntlm"; NULL without a proxy */
    const char *rpc_auth;       /* "ntlm", "none" */
    const char *rpc_level;      /* "none", "connect", "integrity", "privacy" */
    bool encrypted;             /* by RPC privacy, TLS, or both */
    const char *certificate;    /* "verified", "ignored" (said aloud), "none" */
    unsigned round_trips;       /* so far, with the address book and with the store */
    unsigned ms;
};

struct om_mailbox_info {
    const char *display_name; /* UTF-8 */
    const char *alias;
    const char *smtp; /* "" when the address book has none */
    const char *legacy_dn;
    bool own; /* the profile's mailbox */
    struct om_connection_info connection;
};

/*
 * Logs on to the profile's own mailbox: resolves PR_PROFILE_UNRESOLVED_NAME through the address
 * book of PR_PROFILE_UNRESOLVED_SERVER, connects to the home server, RopLogon. Without
 * CONNECT_IGNORE_NO_PF the public store is opened too, and the logon fails when there is none.
 * Repeated calls give the same mailbox, which belongs to the session.
 */
OM_API om_status om_session_logon(struct om_session *session, struct om_mailbox **mailbox,
                                  struct om_error *err) OM_MUST_CHECK;

/*
 * Opens somebody's mailbox: `who` is an alias, an SMTP address, a legacy DN or "GAL:display name".
 * It is found in the address book of the profile's server, its home server is worked out and routed
 * by itself. The mailbox belongs to the session; om_mailbox_close() ends it earlier.
 */
OM_API om_status om_session_open_mailbox(struct om_session *session, const char *who,
                                         struct om_mailbox **mailbox,
                                         struct om_error *err) OM_MUST_CHECK;

OM_API void om_mailbox_close(struct om_mailbox *mailbox);

/* Borrowed from the mailbox. */
OM_API const struct om_mailbox_info *om_mailbox_info(const struct om_mailbox *mailbox);

/* --- the address book --- */

struct om_gal_entry {
    const char *display_name; /* "" where the address book has none, as everywhere below */
    const char *alias;
    const char *smtp;
    const char *legacy_dn;
    const char *type;        /* "user", "distribution-list", "forum", "agent", "remote-user", ...
                                [MS-OXOABK] 2.2.3.11 */
    const char *home_mdb;    /* PR_EMS_AB_HOME_MDB: a DN; "" when it has no mailbox */
    const char *home_server; /* the server named in it: "guid@domain" or "EX2010" */
};

/* Called for each entry, which lives for the call. False ends the listing early, without an error.
 */
typedef bool om_gal_fn(void *ctx, const struct om_gal_entry *entry);

/*
 * The Global Address List, in its order; with `text`, the entries ambiguous name resolution finds
 * for it. Read in pages, so memory does not grow with the list.
 */
OM_API om_status om_session_gal(struct om_session *session, const char *text, om_gal_fn *fn,
                                void *ctx, struct om_error *err) OM_MUST_CHECK;

/*
 * The one entry that `name` (as `who` above) stands for. More than one is MAPI_E_AMBIGUOUS_RECIP:
 * `fn` is then called for each candidate and the error's detail lists the first of them. None is
 * MAPI_E_NOT_FOUND.
 */
OM_API om_status om_session_resolve(struct om_session *session, const char *name, om_gal_fn *fn,
                                    void *ctx, struct om_error *err) OM_MUST_CHECK;

/* --- stores and folders --- */

struct om_store_info {
    const char *name;     /* "Mailbox - Alice Anderson" */
    const char *provider; /* "EMS_MDB_private", "EMS_MDB_public" */
    bool is_default;
    const char *server;
    const char *mailbox;       /* legacy DN; "" for the public store */
    struct om_binary entry_id; /* [MS-OXCDATA] 2.2.4.3 */
};
typedef bool om_store_info_fn(void *ctx, const struct om_store_info *store);

/* The message stores the profile opens. Logs on when that has not been done. */
OM_API om_status om_session_stores(struct om_session *session, om_store_info_fn *fn, void *ctx,
                                   struct om_error *err) OM_MUST_CHECK;

struct om_folder {
    const char *path; /* "/Inbox/Projects": names from below the top of the store; a '/' in a name
                         is "\\/" */
    const char *name;
    const char *container_class; /* PR_CONTAINER_CLASS, "" when not set */
    uint64_t id;                 /* [MS-OXCDATA] 2.2.1.1, as it stands on the wire, little-endian */
    uint64_t parent_id;
    uint32_t total; /* messages */
    uint32_t unread;
    unsigned depth; /* 1: directly below the top */
};
typedef bool om_folder_fn(void *ctx, const struct om_folder *folder);

/* The folders below the top of the user's tree (IPM subtree), parents before children. */
OM_API om_status om_mailbox_folders(struct om_mailbox *mailbox, om_folder_fn *fn, void *ctx,
                                    struct om_error *err) OM_MUST_CHECK;

OM_END_DECLS

#endif
