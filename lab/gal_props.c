/* SPDX-License-Identifier: MIT */
/*
 * The properties of address book entries, one table row each. [MS-OXOABK] 2.2.3 and 2.2.4,
 * [MS-OXPROPS].
 */
#include "lab/gal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* [MS-OXNSPI] 2.2.1.7: GUID_NSPI, the provider of permanent entry ids and the address book's
 * mapping signature */
static const struct om_guid guid_nspi = {
    0xC840A7DC, 0x42C0, 0x101A, {0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82}};

/* [MS-OXOABK] 2.2.3.10, 2.2.3.11, 2.2.3.12 */
enum { MAPI_MAILUSER = 6, MAPI_DISTLIST = 8 };
enum { DT_MAILUSER = 0, DT_DISTLIST = 1, DT_REMOTE_MAILUSER = 6, DT_CONTAINER = 0x100 };
#define DTE_FLAG_ACL_CAPABLE 0x40000000
enum { AB_RECIPIENTS = 0x1, AB_UNMODIFIABLE = 0x8 }; /* PR_CONTAINER_FLAGS, [MS-OXOABK] 2.2.2.1 */

/* What getters work on; a getter that leaves `out` alone says that the entry has no such property.
 */
struct getter {
    const struct lab_gal_view *view;
    const struct lab_user *u;
    struct om_arena *a;
};

typedef void get_fn(struct getter *g, struct om_propval *out);

/* ---- values ---- */

static void set_text(struct om_propval *out, const char *utf8)
{
    if (!utf8 || !*utf8)
        return;
    out->tag = PT_UNICODE;
    out->v.utf8 = utf8;
}

static void set_long(struct om_propval *out, int32_t v)
{
    out->tag = PT_LONG;
    out->v.l = v;
}

/* Takes what the cursor wrote over into the arena. */
static void set_binary(struct getter *g, struct om_propval *out, struct om_wr *w)
{
    out->v.bin.pb = w->failed ? NULL : om__arena_dup(g->a, w->buf, w->len);
    out->v.bin.cb = (uint32_t)w->len;
    out->tag = PT_BINARY;
    if (!out->v.bin.pb)
        g->a->failed = true;
    om_wr_free(w);
}

static uint32_t display_type(const struct lab_user *u)
{
    return u->kind == LAB_LIST      ? DT_DISTLIST
           : u->kind == LAB_CONTACT ? DT_REMOTE_MAILUSER
                                    : DT_MAILUSER;
}

static void set_entryid(struct getter *g, struct om_propval *out, bool ephemeral)
{
    struct om__nspi_entryid id = {ephemeral, guid_nspi, display_type(g->u), 0, NULL};
    struct om_wr w;

    if (ephemeral) {
        id.provider = g->view->server;
        id.mid = g->u->mid;
    } else {
        id.dn = g->u->legacy_dn;
    }
    om_wr_init(&w, 1024);
    om__nspi_wr_entryid(&w, &id);
    set_binary(g, out, &w);
}

/* ---- getters ---- */

static void get_entryid(struct getter *g, struct om_propval *out)
{
    set_entryid(g, out, g->view->ephemeral);
}

static void get_permanent_entryid(struct getter *g, struct om_propval *out)
{
    set_entryid(g, out, false);
}

static void get_instance_key(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 16);
    om_wr_u32(&w, g->u->mid);
    set_binary(g, out, &w);
}

static void get_guid(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 32);
    om_wr_guid(&w, &g->u->guid);
    set_binary(g, out, &w);
}

static void get_mapping_signature(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 32);
    om_wr_guid(&w, &guid_nspi);
    set_binary(g, out, &w);
}

/* "EX:" and the DN in capitals, its NUL counted. */
static void get_search_key(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 1024);
    om_wr_bytes(&w, "EX:", 3);
    om_wr_asciiz(&w, g->u->legacy_dn);
    for (size_t i = 0; i < w.len; i++)
        if (w.buf[i] >= 'a' && w.buf[i] <= 'z')
            w.buf[i] = (uint8_t)(w.buf[i] - 'a' + 'A');
    set_binary(g, out, &w);
}

/* The primary address has its kind in capitals. */
static void get_proxy_addresses(struct getter *g, struct om_propval *out)
{
    const char *addresses[3] = {g->u->smtp, g->u->smtp2, g->u->legacy_dn};
    static const char *const kinds[3] = {"SMTP:", "smtp:", "X500:"};
    const char **list = om__arena_array(g->a, LENGTH(addresses), sizeof *list);
    char text[512];
    uint32_t n = 0;

    for (size_t i = 0; list && i < LENGTH(addresses); i++) {
        if (!addresses[i])
            continue;
        snprintf(text, sizeof text, "%s%s", kinds[i], addresses[i]);
        list[n++] = om__arena_strdup(g->a, text);
    }
    out->tag = PT_MV_UNICODE;
    out->v.mv.count = n;
    out->v.mv.str = list;
}

static void get_target_address(struct getter *g, struct om_propval *out)
{
    char text[512];

    if (g->u->kind != LAB_CONTACT)
        return;
    snprintf(text, sizeof text, "SMTP:%s", g->u->smtp);
    set_text(out, om__arena_strdup(g->a, text));
}

static void get_object_type(struct getter *g, struct om_propval *out)
{
    set_long(out, g->u->kind == LAB_LIST ? MAPI_DISTLIST : MAPI_MAILUSER);
}

static void get_display_type(struct getter *g, struct om_propval *out)
{
    set_long(out, (int32_t)display_type(g->u));
}

static void get_display_type_ex(struct getter *g, struct om_propval *out)
{
    set_long(out,
             (int32_t)display_type(g->u) | (g->u->kind == LAB_CONTACT ? 0 : DTE_FLAG_ACL_CAPABLE));
}

static void get_container(struct getter *g, struct om_propval *out)
{
    set_long(out, (int32_t)g->view->container);
}

static void get_addrtype(struct getter *g, struct om_propval *out)
{
    (void)g;
    set_text(out, "EX");
}

static void get_company(struct getter *g, struct om_propval *out)
{
    set_text(out, g->u->kind == LAB_MAILBOX ? "Contoso" : NULL);
}

static void get_send_rich(struct getter *g, struct om_propval *out)
{
    (void)g;
    out->tag = PT_BOOLEAN;
    out->v.b = true;
}

#define TEXT_GETTER(name, member)                                                                  \
    static void name(struct getter *g, struct om_propval *out)                                     \
    {                                                                                              \
        set_text(out, g->u->member);                                                               \
    }
TEXT_GETTER(get_display_name, display_name)
TEXT_GETTER(get_legacy_dn, legacy_dn)
TEXT_GETTER(get_smtp, smtp)
TEXT_GETTER(get_alias, alias)
TEXT_GETTER(get_given_name, given_name)
TEXT_GETTER(get_surname, surname)
TEXT_GETTER(get_title, title)
TEXT_GETTER(get_department, department)
TEXT_GETTER(get_phone, phone)
TEXT_GETTER(get_home_mdb, home_mdb)

static const struct property {
    om_proptag tag;
    get_fn *get;
} properties[] = {
    {0x0FF60102, get_instance_key},      /* PR_INSTANCE_KEY */
    {0x0FF80102, get_mapping_signature}, /* PR_MAPPING_SIGNATURE */
    {0x0FF90102, get_permanent_entryid}, /* PR_RECORD_KEY */
    {0x0FFE0003, get_object_type},       /* PR_OBJECT_TYPE */
    {0x0FFF0102, get_entryid},           /* PR_ENTRYID */
    {0x3001001F, get_display_name},      /* PR_DISPLAY_NAME */
    {0x3002001F, get_addrtype},          /* PR_ADDRTYPE */
    {0x3003001F, get_legacy_dn},         /* PR_EMAIL_ADDRESS */
    {0x300B0102, get_search_key},        /* PR_SEARCH_KEY */
    {0x39000003, get_display_type},      /* PR_DISPLAY_TYPE */
    {0x39020102, get_permanent_entryid}, /* PR_TEMPLATEID */
    {0x39050003, get_display_type_ex},   /* PR_DISPLAY_TYPE_EX */
    {0x39FE001F, get_smtp},              /* PR_SMTP_ADDRESS */
    {0x39FF001F, get_display_name},      /* PR_EMS_AB_DISPLAY_NAME_PRINTABLE */
    {0x3A00001F, get_alias},             /* PR_ACCOUNT */
    {0x3A06001F, get_given_name},        /* PR_GIVEN_NAME */
    {0x3A08001F, get_phone},             /* PR_BUSINESS_TELEPHONE_NUMBER */
    {0x3A11001F, get_surname},           /* PR_SURNAME */
    {0x3A16001F, get_company},           /* PR_COMPANY_NAME */
    {0x3A17001F, get_title},             /* PR_TITLE */
    {0x3A18001F, get_department},        /* PR_DEPARTMENT_NAME */
    {0x3A1A001F, get_phone},             /* PR_PRIMARY_TELEPHONE_NUMBER */
    {0x3A20001F, get_display_name},      /* PR_TRANSMITABLE_DISPLAY_NAME */
    {0x3A40000B, get_send_rich},         /* PR_SEND_RICH_INFO */
    {0x8006001F, get_home_mdb},          /* PR_EMS_AB_HOME_MDB */
    {0x800F101F, get_proxy_addresses},   /* PR_EMS_AB_PROXY_ADDRESSES */
    {0x8011001F, get_target_address},    /* PR_EMS_AB_TARGET_ADDRESS */
    {0x8C6D0102, get_guid},              /* PR_EMS_AB_OBJECT_GUID */
    {0xFFFD0003, get_container},         /* PR_EMS_AB_CONTAINERID */
};

/* ---- what is asked for ---- */

/* Text the way it is asked for: PT_UNICODE as it is, PT_STRING8 in the code page. False: no memory.
 */
static bool convert(struct om_propval *val, uint16_t type, struct om_arena *a)
{
    const char **list;

    if (type == PT_STRING8 && OM_PROP_TYPE(val->tag) == PT_UNICODE)
        return (val->v.str8 = lab_gal_to_codepage(a, val->v.utf8)) != NULL;
    if (type != PT_MV_STRING8 || OM_PROP_TYPE(val->tag) != PT_MV_UNICODE)
        return true;
    list = om__arena_array(a, val->v.mv.count, sizeof *list);
    for (uint32_t i = 0; list && i < val->v.mv.count; i++)
        if (!(list[i] = lab_gal_to_codepage(a, val->v.mv.str[i])))
            return false;
    val->v.mv.str = list;
    return list || !val->v.mv.count;
}

static bool same_type(uint16_t asked, uint16_t own)
{
    return asked == own || (own == PT_UNICODE && asked == PT_STRING8) ||
           (own == PT_MV_UNICODE && asked == PT_MV_STRING8);
}

bool lab_gal_property(const struct lab_gal_view *view, const struct lab_user *u, om_proptag tag,
                      struct om_arena *a, struct om_propval *out)
{
    struct getter g = {view, u, a};
    uint16_t type = OM_PROP_TYPE(tag);

    for (size_t i = 0; u && i < LENGTH(properties); i++) {
        if (OM_PROP_ID(properties[i].tag) != OM_PROP_ID(tag))
            continue;
        if (type == PT_UNSPECIFIED)
            type = OM_PROP_TYPE(properties[i].tag);
        out->tag = PT_NULL;
        if (same_type(type, OM_PROP_TYPE(properties[i].tag)))
            properties[i].get(&g, out);
        if (a->failed || (out->tag != PT_NULL && !convert(out, type, a)))
            return false;
        if (out->tag == PT_NULL)
            break;
        out->tag = OM_PROP_TAG(type, OM_PROP_ID(tag));
        return true;
    }
    out->tag = OM_PROP_TAG(PT_ERROR, OM_PROP_ID(tag));
    out->v.err = LAB_NSPI_NOT_FOUND;
    return true;
}

const om_proptag *lab_gal_columns(bool unicode, struct om_arena *a, size_t *count)
{
    om_proptag *tags = om__arena_array(a, LENGTH(properties), sizeof *tags);

    for (size_t i = 0; tags && i < LENGTH(properties); i++) {
        uint16_t type = OM_PROP_TYPE(properties[i].tag);
        bool text = type == PT_UNICODE || type == PT_MV_UNICODE;

        tags[i] = properties[i].tag - (text && !unicode); /* PT_STRING8 is PT_UNICODE less one */
    }
    *count = tags ? LENGTH(properties) : 0;
    return tags;
}

const om_proptag *lab_gal_default_columns(size_t *count)
{
    /* PidTagAddressBookContainerId, ObjectType, DisplayType, DisplayName, PrimaryTelephoneNumber,
     * DepartmentName, OfficeLocation */
    static const om_proptag tags[] = {0xFFFD0003, 0x0FFE0003, 0x39000003, 0x3001001E,
                                      0x3A1A001E, 0x3A18001E, 0x3A19001E};

    *count = LENGTH(tags);
    return tags;
}

/* ---- containers ---- */

/* "/" for the GAL, "/guid=" and the digits for the others: [MS-OXOABK] 2.2.2.3 */
static bool container_entryid(const struct lab_list *list, struct om_arena *a,
                              struct om_propval *out)
{
    struct om__nspi_entryid id = {false, guid_nspi, DT_CONTAINER, 0, "/"};
    struct getter g = {NULL, NULL, a};
    char dn[64], *digits = dn + 6;
    struct om_wr w;

    om_wr_init(&w, 256);
    if (list->name) {
        om_wr_guid(&w, &list->guid);
        snprintf(dn, sizeof dn, "/guid=");
        for (size_t i = 0; !w.failed && i < w.len; i++)
            snprintf(digits + 2 * i, 3, "%02X", w.buf[i]);
        om_wr_reset(&w);
        id.dn = dn;
    }
    om__nspi_wr_entryid(&w, &id);
    set_binary(&g, out, &w);
    out->tag = 0x0FFF0102;
    return !a->failed;
}

bool lab_gal_container_row(const struct lab_list *list, bool unicode, struct om_arena *a,
                           struct om_proprow *out)
{
    struct om_propval *v = om__arena_array(a, 6, sizeof *v);

    if (!v || !container_entryid(list, a, &v[0]))
        return false;
    v[1].tag = 0x36000003; /* PR_CONTAINER_FLAGS */
    v[1].v.l = AB_RECIPIENTS | AB_UNMODIFIABLE;
    v[2].tag = 0x30050003; /* PR_DEPTH */
    v[2].v.l = 0;
    v[3].tag = 0xFFFD0003; /* PR_EMS_AB_CONTAINERID */
    v[3].v.l = (int32_t)list->mid;
    v[4].tag = OM_PROP_TAG(unicode ? PT_UNICODE : PT_STRING8,
                           0x3001); /* PR_DISPLAY_NAME, a NULL pointer for the GAL */
    v[4].v.utf8 = list->name;
    v[5].tag = 0xFFFB000B; /* PR_EMS_AB_IS_MASTER */
    v[5].v.b = false;
    out->count = 6;
    out->vals = v;
    return true;
}
