/* SPDX-License-Identifier: MIT */
#include "codec/entryid.h"

#include <string.h>

/* [MS-OXCDATA] 2.2.4.3: constants, and WrappedType as flags of the kind of store. */
static const uint8_t wrapper_uid[16] = {0x38, 0xA1, 0xBB, 0x10, 0x05, 0xE5, 0x10, 0x1A,
                                        0xA1, 0xBB, 0x08, 0x00, 0x2B, 0x2A, 0x56, 0xC2};
static const uint8_t dll_name[14] = "EMSMDB.DLL";

static const struct kind {
    uint8_t uid[16];
    uint32_t type;
} kinds[] = {
    [false] = {{0x1B, 0x55, 0xFA, 0x20, 0xAA, 0x66, 0x11, 0xCD, 0x9B, 0xC8, 0x00, 0xAA, 0x00, 0x2F,
                0xC4, 0x5A},
               0x0000000C},
    [true] = {{0x1C, 0x83, 0x02, 0x10, 0xAA, 0x66, 0x11, 0xCD, 0x9B, 0xC8, 0x00, 0xAA, 0x00, 0x2F,
               0xC4, 0x5A},
              0x00000006},
};

void om__store_entryid_encode(struct om_wr *w, const struct om__store_entryid *id)
{
    const struct kind *kind = &kinds[id->is_public];

    om_wr_u32(w, 0); /* Flags */
    om_wr_bytes(w, wrapper_uid, sizeof wrapper_uid);
    om_wr_u8(w, 0); /* Version */
    om_wr_u8(w, 0); /* Flag */
    om_wr_bytes(w, dll_name, sizeof dll_name);
    om_wr_u32(w, 0); /* WrappedFlags */
    om_wr_bytes(w, kind->uid, sizeof kind->uid);
    om_wr_u32(w, kind->type);
    om_wr_asciiz(w, id->server);
    if (!id->is_public)
        om_wr_asciiz(w, id->mailbox_dn);
}

static void expect(struct om_rd *r, const uint8_t *want, size_t n, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, n, field);

    om_rd_check(r, p && memcmp(p, want, n) == 0, p ? p[0] : 0, field);
}

om_status om__store_entryid_decode(const uint8_t *p, size_t n, struct om__store_entryid *out,
                                   struct om_error *err)
{
    struct om__store_entryid id = {.mailbox_dn = ""};
    const uint8_t *uid;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, p, n);
    om_rd_u32(&r, "Flags");
    expect(&r, wrapper_uid, sizeof wrapper_uid, "ProviderUID");
    om_rd_u8(&r, "Version");
    om_rd_u8(&r, "Flag");
    om_rd_skip(&r, sizeof dll_name, "DLLFileName"); /* Exchange writes it in either case */
    om_rd_u32(&r, "WrappedFlags");
    uid = om_rd_bytes(&r, 16, "WrappedProviderUID");
    id.is_public = uid && memcmp(uid, kinds[true].uid, 16) == 0;
    om_rd_check(&r, uid && memcmp(uid, kinds[id.is_public].uid, 16) == 0, uid ? uid[0] : 0,
                "WrappedProviderUID");
    om_rd_u32(&r, "WrappedType");
    id.server = om_rd_asciiz(&r, NULL, "ServerShortname");
    if (!id.is_public)
        id.mailbox_dn = om_rd_asciiz(&r, NULL, "MailboxDN");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "store entry identifier", err);
    if (st == OM_OK)
        *out = id;
    return st;
}
