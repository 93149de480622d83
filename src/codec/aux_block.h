/* SPDX-License-Identifier: MIT */
/*
 * Auxiliary blocks: what client and server tell of themselves beside EcDoConnectEx and EcDoRpcExt2.
 * [MS-OXCRPC] 2.2.2.2. They stand one after another in the one payload of an extended buffer
 * (codec/rop_buffer.h); a receiver skips what it does not know.
 */
#ifndef OM_CODEC_AUX_BLOCK_H
#define OM_CODEC_AUX_BLOCK_H

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

/* Version and Type of AUX_HEADER in one number; any other combination is kept as bytes. */
enum om__aux_kind {
    OM_AUX_PERF_CLIENTINFO = 0x0102,        /* 2.2.2.2.4 */
    OM_AUX_PERF_SESSIONINFO = 0x0104,       /* 2.2.2.2.2 */
    OM_AUX_CLIENT_CONTROL = 0x010A,         /* 2.2.2.2.15 */
    OM_AUX_PERF_PROCESSINFO = 0x010B,       /* 2.2.2.2.6 */
    OM_AUX_OSVERSIONINFO = 0x0116,          /* 2.2.2.2.16 */
    OM_AUX_EXORGINFO = 0x0117,              /* 2.2.2.2.17 */
    OM_AUX_PERF_ACCOUNTINFO = 0x0118,       /* 2.2.2.2.18 */
    OM_AUX_SERVER_CAPABILITIES = 0x0146,    /* 2.2.2.2.19 */
    OM_AUX_ENDPOINT_CAPABILITIES = 0x0148,  /* 2.2.2.2.20 */
    OM_AUX_CLIENT_CONNECTION_INFO = 0x014A, /* 2.2.2.2.21 */
    OM_AUX_SERVER_SESSION_INFO = 0x014B,    /* 2.2.2.2.22 */
    OM_AUX_PERF_SESSIONINFO_V2 = 0x0204,    /* 2.2.2.2.3 */
    OM_AUX_PERF_PROCESSINFO_V2 = 0x020B,    /* the same bytes as version 1 */
};

/* client_info.mode */
enum {
    OM_AUX_MODE_UNKNOWN = 0,
    OM_AUX_MODE_CLASSIC = 1, /* online */
    OM_AUX_MODE_CACHED = 2,
};

/* exorg_info.flags */
enum {
    OM_AUX_PUBLIC_FOLDERS_ENABLED = 0x1,
    OM_AUX_USE_AUTODISCOVER_FOR_PUBLIC_FOLDERS = 0x2,
};

/* endpoint_capabilities: referrals, address book and EMSMDB share one HTTP endpoint */
enum { OM_AUX_SINGLE_ENDPOINT = 0x1 };

/* server_capabilities */
enum {
    OM_AUX_PACKED_FAST_TRANSFER_UPLOAD = 0x1,
    OM_AUX_PACKED_WRITE_STREAM_UPLOAD = 0x2,
    OM_AUX_ULTRA_LARGE_PACKED_DOWNLOAD = 0x8, /* pcbOut up to 0x100000 instead of 0x40000 */
};

/* connection_info.flags */
enum { OM_AUX_CONNECTION_CACHED = 0x1 };

/* Strings are UTF-8 here and UTF-16LE on the wire; NULL where the offset is 0. */
struct om__aux_client_info {
    uint32_t adapter_speed;
    uint16_t client_id;
    uint16_t mode;
    uint16_t reserved;
    const char *machine_name, *user_name, *adapter_name;
    struct om_binary ip, ip_mask, mac;
};

struct om__aux_process_info {
    uint16_t process_id;
    uint16_t reserved1, reserved2;
    struct om_guid guid;
    const char *name;
};

struct om__aux_session_info { /* both versions */
    uint16_t session_id;
    uint16_t reserved;
    struct om_guid guid;
    uint32_t connection_id; /* V2 only */
};

struct om__aux_account_info {
    uint16_t client_id;
    uint16_t reserved;
    struct om_guid account;
};

struct om__aux_client_control {
    uint32_t enable_flags; /* 1 send performance data, 4 compress, 8 RPC over HTTP, 0x10 GC data */
    uint32_t expiry_ms;
};

struct om__aux_os_version {
    uint32_t size;
    uint32_t major, minor, build;
    struct om_binary reserved1; /* 132 bytes, or empty for zeroes */
    uint16_t sp_major, sp_minor;
    uint32_t reserved2;
};

struct om__aux_connection_info {
    struct om_guid guid;
    uint16_t reserved;
    uint32_t attempts; /* 4 bytes: Reserved before it aligns it */
    uint32_t flags;
    const char *context;
};

struct om__aux_block {
    enum om__aux_kind kind; /* may be a value without a name above */
    struct om_binary raw;   /* what follows AUX_HEADER; written when the kind has no name */
    union {
        struct om__aux_client_info client_info;
        struct om__aux_process_info process_info;
        struct om__aux_session_info session_info;
        struct om__aux_account_info account_info;
        struct om__aux_client_control client_control;
        struct om__aux_os_version os_version;
        struct om__aux_connection_info connection_info;
        uint32_t exorg_flags;
        uint32_t server_capabilities;
        uint32_t endpoint_capabilities;
        const char *server_session; /* AUX_SERVER_SESSION_INFO */
    };
};

struct om__aux_list {
    uint32_t count;
    const struct om__aux_block *blocks;
};

/* "AUX_EXORGINFO", or NULL for a kind kept as bytes. Static storage. */
const char *om__aux_name(enum om__aux_kind kind);

/* All blocks of a payload; strings and the list are in the arena, raw points into the payload. */
om_status om__aux_decode(const uint8_t *p, size_t n, struct om_arena *a, struct om__aux_list *out,
                         struct om_error *err);
void om__aux_encode(struct om_wr *w, const struct om__aux_block *b);

/* The first block of a kind, or NULL. */
const struct om__aux_block *om__aux_find(const struct om__aux_list *list, enum om__aux_kind kind);

/*
 * A whole rgbAux buffer of EcDoConnectEx, header and all: `in` may be empty (no blocks), which is
 * what a server without anything to say sends.
 */
om_status om__aux_buffer_decode(struct om_binary in, struct om_arena *a, struct om__aux_list *out,
                                struct om_error *err);
void om__aux_buffer_encode(struct om_wr *w, const struct om__aux_block *blocks, size_t count);

#endif
