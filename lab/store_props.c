/* SPDX-License-Identifier: MIT */
/* [MS-OXCFOLD] 2.2.2 (folders), [MS-OXCMSG] and [MS-OXPROPS] (messages), [MS-OXCSTOR] 2.2.2
 * (mailboxes) */
#include "lab/store_props.h"

#include "base/wr.h"
#include "lab/ec.h"
#include "lab/gal.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define REPL_ID   1u

enum { OF_BOX = 1, OF_FOLDER = 2, OF_MESSAGE = 4 };
enum { FOLDER_ROOT = 0, FOLDER_GENERIC = 1 }; /* PR_FOLDER_TYPE */
enum { MSGFLAG_READ = 0x01, MSGFLAG_ATTACH = 0x10 };
enum { FOLDER_RIGHTS = 0x7FB, FOLDER_ACCESS = 0x3F }; /* PR_RIGHTS, PR_ACCESS: everything */
enum { LT_PRIVATE_FOLDER = 1 };                       /* [MS-OXCDATA] 2.2.4.1 */

uint64_t lab_wire_id(uint64_t counter)
{
    uint64_t wire = REPL_ID;

    for (int i = 0; i < 6; i++)
        wire |= (counter >> (8 * (5 - i)) & 0xFF) << (16 + 8 * i);
    return wire;
}

bool lab_wire_counter(uint64_t wire, uint64_t *counter)
{
    uint64_t value = 0;

    for (int i = 0; i < 6; i++)
        value = value << 8 | (wire >> (16 + 8 * i) & 0xFF);
    *counter = value;
    return (wire & 0xFFFF) == REPL_ID;
}

/* ---- getters ---- */

struct getter {
    const struct lab_store_row *row;
    struct om_arena *a;
};

typedef void get_fn(struct getter *g, struct om_propval *out);

static void set_text(struct om_propval *out, const char *utf8)
{
    if (!utf8)
        return;
    out->tag = PT_UNICODE;
    out->v.utf8 = utf8;
}

static void set_long(struct om_propval *out, uint32_t v)
{
    out->tag = PT_LONG;
    out->v.l = (int32_t)v;
}

static void set_bool(struct om_propval *out, bool v)
{
    out->tag = PT_BOOLEAN;
    out->v.b = v;
}

static void set_id(struct om_propval *out, uint64_t counter)
{
    out->tag = PT_I8;
    out->v.li = (int64_t)lab_wire_id(counter);
}

static void set_time(struct om_propval *out, uint64_t ft)
{
    out->tag = PT_SYSTIME;
    out->v.ft = ft;
}

static void set_binary(struct getter *g, struct om_propval *out, struct om_wr *w)
{
    out->v.bin.pb = w->failed ? NULL : om__arena_dup(g->a, w->buf, w->len);
    out->v.bin.cb = (uint32_t)w->len;
    out->tag = PT_BINARY;
    if (!out->v.bin.pb)
        g->a->failed = true;
    om_wr_free(w);
}

static void put_counter(struct om_wr *w, uint64_t counter)
{
    for (int i = 5; i >= 0; i--)
        om_wr_u8(w, (uint8_t)(counter >> (8 * i)));
}

/* Folder EntryID, [MS-OXCDATA] 2.2.4.1 */
static void get_folder_entryid(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 64);
    om_wr_u32(&w, 0);
    om_wr_guid(&w, &g->row->box->guid);
    om_wr_u16(&w, LT_PRIVATE_FOLDER);
    om_wr_guid(&w, &g->row->box->replica);
    put_counter(&w, g->row->folder->id);
    om_wr_zeros(&w, 2);
    set_binary(g, out, &w);
}

/* A GID, [MS-OXCDATA] 2.2.1.3 */
static void get_source_key(struct getter *g, struct om_propval *out)
{
    struct om_wr w;

    om_wr_init(&w, 32);
    om_wr_guid(&w, &g->row->box->replica);
    put_counter(&w, g->row->message ? g->row->message->id : g->row->folder->id);
    set_binary(g, out, &w);
}

static void get_folder_type(struct getter *g, struct om_propval *out)
{
    set_long(out,
             g->row->folder->id == g->row->box->special[LAB_ROOT] ? FOLDER_ROOT : FOLDER_GENERIC);
}

static void get_container_class(struct getter *g, struct om_propval *out)
{
    set_text(out, *g->row->folder->container_class ? g->row->folder->container_class : NULL);
}

static void get_message_flags(struct getter *g, struct om_propval *out)
{
    const struct lab_message *m = g->row->message;

    set_long(out, (m->read ? MSGFLAG_READ : 0) | (m->has_attachments ? MSGFLAG_ATTACH : 0));
}

#define GETTER(name, set, value)                                                                   \
    static void name(struct getter *g, struct om_propval *out)                                     \
    {                                                                                              \
        (void)g;                                                                                   \
        set(out, value);                                                                           \
    }
GETTER(get_owner_name, set_text, g->row->owner->display_name)
GETTER(get_owner_dn, set_text, g->row->owner->legacy_dn)
GETTER(get_fid, set_id, g->row->folder->id)
GETTER(get_parent_fid, set_id, g->row->folder->parent)
GETTER(get_folder_name, set_text, g->row->folder->name)
GETTER(get_total, set_long, g->row->folder->total)
GETTER(get_unread, set_long, g->row->folder->unread)
GETTER(get_folder_size, set_long, g->row->folder->size)
GETTER(get_subfolders, set_bool, g->row->folder->has_children)
GETTER(get_depth, set_long, g->row->folder->depth)
GETTER(get_rights, set_long, FOLDER_RIGHTS)
GETTER(get_access, set_long, FOLDER_ACCESS)
GETTER(get_mid, set_id, g->row->message->id)
GETTER(get_zero, set_long, 0)
GETTER(get_normal, set_long, 1)
GETTER(get_subject, set_text, g->row->message->subject)
GETTER(get_class, set_text, g->row->message->message_class)
GETTER(get_sender_name, set_text, g->row->message->sender_name)
GETTER(get_sender_address, set_text, g->row->message->sender_smtp)
GETTER(get_smtp, set_text, "SMTP")
GETTER(get_to, set_text, g->row->message->to)
GETTER(get_delivered, set_time, g->row->message->delivered)
GETTER(get_submitted, set_time, g->row->message->submitted)
GETTER(get_message_size, set_long, g->row->message->size)
GETTER(get_attachments, set_bool, g->row->message->has_attachments)

static const struct property {
    om_proptag tag;
    unsigned of;
    get_fn *get;
} properties[] = {
    {0x001A001F, OF_MESSAGE, get_class},          /* PR_MESSAGE_CLASS */
    {0x00170003, OF_MESSAGE, get_normal},         /* PR_IMPORTANCE */
    {0x0037001F, OF_MESSAGE, get_subject},        /* PR_SUBJECT */
    {0x00390040, OF_MESSAGE, get_submitted},      /* PR_CLIENT_SUBMIT_TIME */
    {0x0042001F, OF_MESSAGE, get_sender_name},    /* PR_SENT_REPRESENTING_NAME */
    {0x0064001F, OF_MESSAGE, get_smtp},           /* PR_SENT_REPRESENTING_ADDRTYPE */
    {0x0065001F, OF_MESSAGE, get_sender_address}, /* PR_SENT_REPRESENTING_EMAIL_ADDRESS */
    {0x0C1A001F, OF_MESSAGE, get_sender_name},    /* PR_SENDER_NAME */
    {0x0C1E001F, OF_MESSAGE, get_smtp},           /* PR_SENDER_ADDRTYPE */
    {0x0C1F001F, OF_MESSAGE, get_sender_address}, /* PR_SENDER_EMAIL_ADDRESS */
    {0x0E04001F, OF_MESSAGE, get_to},             /* PR_DISPLAY_TO */
    {0x0E060040, OF_MESSAGE, get_delivered},      /* PR_MESSAGE_DELIVERY_TIME */
    {0x0E070003, OF_MESSAGE, get_message_flags},  /* PR_MESSAGE_FLAGS */
    {0x0E080003, OF_MESSAGE, get_message_size},   /* PR_MESSAGE_SIZE */
    {0x0E080003, OF_FOLDER, get_folder_size},
    {0x0E1B000B, OF_MESSAGE, get_attachments},        /* PR_HASATTACH */
    {0x0E1D001F, OF_MESSAGE, get_subject},            /* PR_NORMALIZED_SUBJECT */
    {0x0FF40003, OF_FOLDER | OF_MESSAGE, get_access}, /* PR_ACCESS */
    {0x0FFF0102, OF_FOLDER, get_folder_entryid},      /* PR_ENTRYID */
    {0x3001001F, OF_FOLDER, get_folder_name},         /* PR_DISPLAY_NAME */
    {0x3001001F, OF_BOX, get_owner_name},
    {0x30050003, OF_FOLDER, get_depth},                   /* PR_DEPTH */
    {0x36010003, OF_FOLDER, get_folder_type},             /* PR_FOLDER_TYPE */
    {0x36020003, OF_FOLDER, get_total},                   /* PR_CONTENT_COUNT */
    {0x36030003, OF_FOLDER, get_unread},                  /* PR_CONTENT_UNREAD */
    {0x360A000B, OF_FOLDER, get_subfolders},              /* PR_SUBFOLDERS */
    {0x3613001F, OF_FOLDER, get_container_class},         /* PR_CONTAINER_CLASS */
    {0x36170003, OF_FOLDER, get_zero},                    /* PR_ASSOC_CONTENT_COUNT */
    {0x5D01001F, OF_MESSAGE, get_sender_address},         /* PR_SENDER_SMTP_ADDRESS */
    {0x65E00102, OF_FOLDER | OF_MESSAGE, get_source_key}, /* PR_SOURCE_KEY */
    {0x661C001F, OF_BOX, get_owner_name},                 /* PR_MAILBOX_OWNER_NAME */
    {0x661A001F, OF_BOX, get_owner_dn},                   /* PR_USER_NAME */
    {0x66390003, OF_FOLDER, get_rights},                  /* PR_RIGHTS */
    {0x67480014, OF_FOLDER | OF_MESSAGE, get_fid},        /* PR_FID */
    {0x67490014, OF_FOLDER, get_parent_fid},              /* PR_PARENT_FID */
    {0x674A0014, OF_MESSAGE, get_mid},                    /* PR_MID */
    {0x674D0014, OF_MESSAGE, get_mid},                    /* PR_INST_ID */
    {0x674E0003, OF_MESSAGE, get_zero},                   /* PR_INSTANCE_NUM */
};

/* ---- what is asked for ---- */

static unsigned kind_of(const struct lab_store_row *row)
{
    return row->message ? OF_MESSAGE : row->folder ? OF_FOLDER : OF_BOX;
}

bool lab_store_property(const struct lab_store_row *row, om_proptag tag, struct om_arena *a,
                        struct om_propval *out)
{
    struct getter g = {row, a};
    uint16_t type = OM_PROP_TYPE(tag), own;

    for (size_t i = 0; i < LENGTH(properties); i++) {
        own = OM_PROP_TYPE(properties[i].tag);
        if (OM_PROP_ID(properties[i].tag) != OM_PROP_ID(tag) || !(properties[i].of & kind_of(row)))
            continue;
        if (type == PT_UNSPECIFIED)
            type = own;
        out->tag = PT_NULL;
        if (type == own || (type == PT_STRING8 && own == PT_UNICODE))
            properties[i].get(&g, out);
        if (type == PT_STRING8 && out->tag == PT_UNICODE)
            out->v.str8 = lab_gal_to_codepage(a, out->v.utf8);
        if (a->failed)
            return false;
        if (out->tag == PT_NULL)
            break;
        out->tag = OM_PROP_TAG(type, OM_PROP_ID(tag));
        return true;
    }
    out->tag = OM_PROP_TAG(PT_ERROR, OM_PROP_ID(tag));
    out->v.err = ecNotFound;
    return true;
}

bool lab_store_proprow(const struct lab_store_row *row, const om_proptag *tags, size_t count,
                       struct om_arena *a, struct om_proprow *out)
{
    struct om_propval *vals = om__arena_array(a, count ? count : 1, sizeof *vals);

    if (!vals)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!lab_store_property(row, tags[i], a, &vals[i]))
            return false;
    out->count = (uint32_t)count;
    out->vals = vals;
    return true;
}

const om_proptag *lab_store_all_tags(const struct lab_store_row *row, bool unicode,
                                     struct om_arena *a, size_t *count)
{
    om_proptag *tags = om__arena_array(a, LENGTH(properties), sizeof *tags);
    struct om_propval val;
    size_t n = 0;

    for (size_t i = 0; tags && i < LENGTH(properties); i++) {
        if (!(properties[i].of & kind_of(row)))
            continue;
        if (!lab_store_property(row, properties[i].tag, a, &val))
            return NULL;
        if (OM_PROP_TYPE(val.tag) != PT_ERROR)
            tags[n++] = properties[i].tag - (OM_PROP_TYPE(val.tag) == PT_UNICODE && !unicode);
    }
    *count = n;
    return tags;
}
