/* SPDX-License-Identifier: MIT */
#include "lab/mailstore.h"

#include <fts.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/filetime.h"
#include "base/guid.h"
#include "lab/mime.h"

#define LENGTH(a)      (sizeof(a) / sizeof((a)[0]))
#define FORMAT_VERSION 1
#define MAX_MESSAGE    (64u << 20) /* one file of --mail */

struct lab_mailstore {
    sqlite3 *db;
};

/*
 * `mime` holds each message once, `message` that it lies in a folder of a mailbox: so a mailbox can
 * be made of any number of messages without copying one.
 */
static const char schema[] =
    "CREATE TABLE mime(id INTEGER PRIMARY KEY, place INTEGER NOT NULL, read INTEGER NOT NULL,"
    " subject TEXT NOT NULL, sender_name TEXT NOT NULL, sender_smtp TEXT NOT NULL, recipients TEXT "
    "NOT NULL,"
    " submitted INTEGER NOT NULL, attachments INTEGER NOT NULL, raw BLOB NOT NULL);"
    "CREATE TABLE mailbox(id INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE);"
    "CREATE TABLE folder(mailbox INTEGER NOT NULL REFERENCES mailbox, id INTEGER NOT NULL,"
    " parent INTEGER NOT NULL, special INTEGER, place INTEGER, name TEXT NOT NULL, class TEXT,"
    " PRIMARY KEY(mailbox, id)) WITHOUT ROWID;"
    "CREATE INDEX folder_by_parent ON folder(mailbox, parent, name);"
    "CREATE TABLE message(mailbox INTEGER NOT NULL REFERENCES mailbox, id INTEGER NOT NULL,"
    " folder INTEGER NOT NULL, mime INTEGER NOT NULL REFERENCES mime, read INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL, PRIMARY KEY(mailbox, id)) WITHOUT ROWID;"
    "CREATE INDEX message_by_folder ON message(mailbox, folder, read, mime);";

/* ---- statements ---- */

/* Prepares and binds: i int64_t, t text (may be NULL), b bytes and length (size_t). NULL: failed.
 */
static sqlite3_stmt *query(sqlite3 *db, const char *sql, const char *types, ...)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    va_list ap;

    va_start(ap, types);
    for (int i = 1; rc == SQLITE_OK && *types; i++, types++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const void *p = va_arg(ap, const void *);

            rc = sqlite3_bind_blob64(st, i, p, va_arg(ap, size_t), SQLITE_TRANSIENT);
        }
    }
    va_end(ap);
    if (rc == SQLITE_OK)
        return st;
    sqlite3_finalize(st);
    return NULL;
}

/* Runs what gives no rows. */
static bool run(sqlite3_stmt *st)
{
    bool ok = st && sqlite3_step(st) == SQLITE_DONE;

    sqlite3_finalize(st);
    return ok;
}

/* The next row; at the end and on failure the statement is gone, and *ok says which it was. */
static bool next(sqlite3_stmt **st, bool *ok)
{
    int rc = *st ? sqlite3_step(*st) : SQLITE_ERROR;

    if (rc == SQLITE_ROW)
        return true;
    *ok = rc == SQLITE_DONE;
    sqlite3_finalize(*st);
    *st = NULL;
    return false;
}

static const char *column_text(sqlite3_stmt *st, int column, struct om_arena *a)
{
    const char *s = (const char *)sqlite3_column_text(st, column);

    return om__arena_strdup(a, s ? s : "");
}

/* ---- filling a new store ---- */

/* Where a message of the store lies in each mailbox. */
enum place { IN_INBOX, IN_SENT, IN_ARCHIVE, IN_PROJECTS, PLACES };

static bool add_message(sqlite3 *db, const void *bytes, size_t n, enum place place, bool read)
{
    struct lab_mime m;
    bool ok;

    if (!lab_mime_read(bytes, n, &m))
        return true; /* not a message: nothing to store, nothing wrong with the store */
    ok = run(query(
        db,
        "INSERT INTO mime(place, read, subject, sender_name, sender_smtp, recipients, submitted,"
        " attachments, raw) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "iittttiib", (int64_t)place, (int64_t)read, m.subject, m.sender_name, m.sender_smtp,
        m.recipients, m.date, (int64_t)m.has_attachments, bytes, n));
    lab_mime_free(&m);
    return ok;
}

static const struct seed {
    enum place place;
    bool read;
    const char *from, *subject;
} seeds[] = {
    {IN_INBOX, true, "Administrator <admin@contoso.test>", "Welcome to Contoso"},
    {IN_INBOX, true, "Alice Adams <alice@contoso.test>", "Minutes of Monday"},
    {IN_INBOX, false, "Bob Brown <bob@contoso.test>", "Lunch?"},
    {IN_INBOX, true, "Jürgen Müller <juergen@contoso.test>", "Angebot für Fabrikam"},
    {IN_INBOX, false, "Zoë Ångström <zoe@contoso.test>", "Measurements, second run"},
    {IN_INBOX, true, "Erin Evans <erin@contoso.test>", "Invoice 4711"},
    {IN_INBOX, false, "Pat Partner <pat@fabrikam.test>", "Re: Angebot für Fabrikam"},
    {IN_INBOX, true, "Frank Fischer <frank@contoso.test>", "Van in the workshop on Friday"},
    {IN_INBOX, false, "山田 太郎 <taro@contoso.test>", "会議の件"},
    {IN_INBOX, true, "Chris Smith <csmith@contoso.test>", "Quarter figures"},
    {IN_INBOX, true, "Administrator <admin@contoso.test>", "Maintenance on Sunday"},
    {IN_INBOX, false, "Mallory Marsh <mallory@contoso.test>", "Audit: what I need from you"},
    {IN_SENT, true, "Alice Adams <alice@contoso.test>", "Re: Lunch?"},
    {IN_SENT, true, "Alice Adams <alice@contoso.test>", "Holiday in August"},
    {IN_SENT, true, "Alice Adams <alice@contoso.test>", "Draft of the report"},
    {IN_ARCHIVE, true, "Bob Brown <bob@contoso.test>", "Report of 2012"},
    {IN_ARCHIVE, true, "Erin Evans <erin@contoso.test>", "Budget of 2012"},
    {IN_PROJECTS, true, "Zoë Ångström <zoe@contoso.test>", "Plan of the experiment"},
    {IN_PROJECTS, false, "Jürgen Müller <juergen@contoso.test>", "Zeitplan"},
    {IN_PROJECTS, true, "Chris Smith <csmith@contoso.test>", "Who pays for it"},
};

static bool fill_with_seeds(sqlite3 *db)
{
    char text[1024];

    for (size_t i = 0; i < LENGTH(seeds); i++) {
        /* RFC 6532: headers in UTF-8 as they are. */
        int n = snprintf(
            text, sizeof text,
            "From: %s\r\nTo: All Staff <staff@contoso.test>\r\nSubject: %s\r\n"
            "Date: %02zu Mar 2013 %02zu:30:00 +0000\r\nMessage-ID: <seed%zu@contoso.test>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s.\r\n",
            seeds[i].from, seeds[i].subject, i + 1, i % 24, i, seeds[i].subject);

        if (n < 0 || (size_t)n >= sizeof text ||
            !add_message(db, text, (size_t)n, seeds[i].place, seeds[i].read))
            return false;
    }
    return true;
}

/* The whole file, or NULL. free() it. */
static void *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    void *p = NULL;
    struct stat st;

    if (!f)
        return NULL;
    if (fstat(fileno(f), &st) == 0 && st.st_size <= (off_t)MAX_MESSAGE) {
        *n = (size_t)st.st_size;
        p = malloc(*n ? *n : 1);
        if (p && fread(p, 1, *n, f) != *n) {
            free(p);
            p = NULL;
        }
    }
    fclose(f);
    return p;
}

static bool is_message_file(const FTSENT *e)
{
    return e->fts_info == FTS_F && e->fts_namelen > 4 &&
           strcasecmp(e->fts_name + e->fts_namelen - 4, ".eml") == 0;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool add_file(sqlite3 *db, const char *path, size_t i)
{
    /* Of ten messages seven go to the inbox, and of three one is unread. */
    static const enum place places[10] = {IN_INBOX, IN_INBOX,    IN_SENT,  IN_INBOX, IN_ARCHIVE,
                                          IN_INBOX, IN_PROJECTS, IN_INBOX, IN_INBOX, IN_INBOX};
    size_t n = 0;
    void *bytes = read_file(path, &n);
    bool ok = bytes && add_message(db, bytes, n, places[i % LENGTH(places)], i % 3 != 0);

    free(bytes);
    return ok;
}

/* In the order of names, so that the same folder makes the same store. */
static bool fill_from_folder(sqlite3 *db, const char *folder)
{
    char *path = strdup(folder);
    char *roots[] = {path, NULL};
    FTS *tree = path ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, compare_names) : NULL;
    bool ok = tree != NULL;
    size_t count = 0;
    FTSENT *e;

    while (ok && (e = fts_read(tree)))
        if (is_message_file(e))
            ok = add_file(db, e->fts_path, count++);
    if (tree)
        fts_close(tree);
    free(path);
    return ok;
}

static bool begin(sqlite3 *db)
{
    return sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
}

static bool finish(sqlite3 *db, bool ok)
{
    if (ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static int64_t format_version(sqlite3 *db)
{
    sqlite3_stmt *st = query(db, "PRAGMA user_version", "");
    int64_t version = -1;
    bool ok;

    if (next(&st, &ok)) {
        version = sqlite3_column_int64(st, 0);
        sqlite3_finalize(st);
    }
    return version;
}

static bool create(sqlite3 *db, const char *mail)
{
    bool ok = begin(db);

    if (!ok)
        return false;
    ok = sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK;
    ok = ok && (mail ? fill_from_folder(db, mail) : fill_with_seeds(db));
    ok = ok && sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL) == SQLITE_OK;
    return finish(db, ok);
}

/* Opens the file and brings it to the current format. False: `why` is filled in. */
static bool open_database(struct lab_mailstore *store, const char *path, const char *mail,
                          char *why, size_t size)
{
    static const char pragmas[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;";
    struct stat st;
    int64_t version;

    if (mail && (stat(mail, &st) != 0 || !S_ISDIR(st.st_mode))) {
        snprintf(why, size, "%s: not a folder", mail);
        return false;
    }
    if (sqlite3_open(path, &store->db) != SQLITE_OK || chmod(path, 0600) != 0 ||
        sqlite3_exec(store->db, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
        snprintf(why, size, "%s: %s", path,
                 store->db ? sqlite3_errmsg(store->db) : "out of memory");
        return false;
    }
    version = format_version(store->db);
    if (version == FORMAT_VERSION)
        return true;
    if (version != 0) {
        snprintf(why, size, "%s: written by another version of the lab; remove it", path);
        return false;
    }
    if (create(store->db, mail))
        return true;
    snprintf(why, size, "%s: cannot be filled: %s", path, sqlite3_errmsg(store->db));
    return false;
}

struct lab_mailstore *lab_mailstore_open(const char *dir, const char *mail, char *why,
                                         size_t why_size)
{
    struct lab_mailstore *store = calloc(1, sizeof *store);
    char path[4096];

    if (!store || snprintf(path, sizeof path, "%s/mail.db", dir) >= (int)sizeof path) {
        snprintf(why, why_size, "%s", store ? "the folder's name is too long" : "out of memory");
        free(store);
        return NULL;
    }
    lab_mime_start();
    if (open_database(store, path, mail, why, why_size))
        return store;
    lab_mailstore_close(store);
    return NULL;
}

void lab_mailstore_close(struct lab_mailstore *store)
{
    if (!store)
        return;
    sqlite3_close(store->db);
    free(store);
}

/* ---- mailboxes ---- */

/* What a new mailbox has: parents before their children. `parent` is a row of this table. */
static const struct new_folder {
    int parent;  /* -1: none */
    int special; /* enum lab_special, or -1 */
    int place;   /* enum place of the messages that lie here, or -1 */
    const char *name, *container_class;
} new_folders[] = {
    {-1, LAB_ROOT, -1, "", NULL},
    {0, LAB_DEFERRED_ACTION, -1, "Deferred Action", NULL},
    {0, LAB_SPOOLER_QUEUE, -1, "Spooler Queue", NULL},
    {0, LAB_IPM_SUBTREE, -1, "Top of Information Store", NULL},
    {0, LAB_COMMON_VIEWS, -1, "Common Views", NULL},
    {0, LAB_SCHEDULE, -1, "Schedule", NULL},
    {0, LAB_SEARCH, -1, "Finder", NULL},
    {0, LAB_VIEWS, -1, "Views", NULL},
    {0, LAB_SHORTCUTS, -1, "Shortcuts", NULL},
    {3, LAB_INBOX, IN_INBOX, "Inbox", "IPF.Note"},
    {3, LAB_OUTBOX, -1, "Outbox", "IPF.Note"},
    {3, LAB_SENT_ITEMS, IN_SENT, "Sent Items", "IPF.Note"},
    {3, LAB_DELETED_ITEMS, -1, "Deleted Items", "IPF.Note"},
    {3, -1, -1, "Drafts", "IPF.Note"},
    {3, -1, -1, "Calendar", "IPF.Appointment"},
    {3, -1, -1, "Contacts", "IPF.Contact"},
    {3, -1, -1, "Journal", "IPF.Journal"},
    {3, -1, -1, "Notes", "IPF.StickyNote"},
    {3, -1, -1, "Tasks", "IPF.Task"},
    {3, -1, -1, "Junk E-mail", "IPF.Note"},
    {9, -1, -1, "Archive", "IPF.Note"},
    {20, -1, IN_ARCHIVE, "2012", "IPF.Note"},
    {20, -1, -1, "2013", "IPF.Note"},
    {3, -1, -1, "Projekte", "IPF.Note"},
    {23, -1, IN_PROJECTS, "Übersicht", "IPF.Note"},
    {23, -1, -1, "実験", "IPF.Note"},
};

/* Each mailbox counts from a base of its own, so that one's identifiers mean nothing in another. */
static int64_t first_id(int64_t mailbox)
{
    return mailbox << 24;
}

static bool add_folders(sqlite3 *db, int64_t mailbox)
{
    for (size_t i = 0; i < LENGTH(new_folders); i++) {
        const struct new_folder *f = &new_folders[i];
        int64_t parent = f->parent < 0 ? 0 : first_id(mailbox) + 1 + f->parent;

        if (!run(query(db,
                       "INSERT INTO folder(mailbox, id, parent, special, place, name, class)"
                       " VALUES(?, ?, ?, nullif(?, -1), nullif(?, -1), ?, ?)",
                       "iiiiitt", mailbox, first_id(mailbox) + 1 + (int64_t)i, parent,
                       (int64_t)f->special, (int64_t)f->place, f->name, f->container_class)))
            return false;
    }
    return true;
}

/* Every message of the store, in the folder its place names, a minute after it was sent. */
static bool add_messages(sqlite3 *db, int64_t mailbox)
{
    return run(query(db,
                     "INSERT INTO message(mailbox, id, folder, mime, read, delivered)"
                     " SELECT ?1, ?2 + m.id, f.id, m.id, m.read, m.submitted + 60"
                     " FROM mime m JOIN folder f ON f.mailbox = ?1 AND f.place = m.place",
                     "ii", mailbox, first_id(mailbox) + 0x1000));
}

static bool make_mailbox(sqlite3 *db, const char *guid)
{
    bool ok = begin(db);
    int64_t id;

    if (!ok)
        return false;
    ok = run(query(db, "INSERT INTO mailbox(guid) VALUES(?)", "t", guid));
    id = sqlite3_last_insert_rowid(db);
    return finish(db, ok && add_folders(db, id) && add_messages(db, id));
}

/* Fills in what is known of the mailbox; out->id stays 0 when it is not there. False: failed. */
static bool load_mailbox(sqlite3 *db, const char *guid, struct lab_mailbox *out)
{
    sqlite3_stmt *st =
        query(db,
              "SELECT m.id, f.special, f.id FROM mailbox m JOIN folder f ON f.mailbox = m.id"
              " WHERE m.guid = ? AND f.special IS NOT NULL",
              "t", guid);
    bool ok = false;

    while (next(&st, &ok)) {
        int special = sqlite3_column_int(st, 1);

        out->id = sqlite3_column_int64(st, 0);
        if (special >= 0 && special < LAB_SPECIAL_COUNT)
            out->special[special] = (uint64_t)sqlite3_column_int64(st, 2);
    }
    return ok;
}

bool lab_mailstore_mailbox(struct lab_mailstore *store, const struct lab_user *owner,
                           struct lab_mailbox *out)
{
    struct lab_mailbox box = {0, owner->guid, owner->guid, {0}};
    char guid[OM_GUID_TEXT];

    om__guid_format(&owner->guid, guid);
    box.replica.data1 ^=
        0xFFFFFFFFu; /* the replica is not the mailbox: a client must not mix them up */
    if (!load_mailbox(store->db, guid, &box))
        return false;
    if (!box.id &&
        (!make_mailbox(store->db, guid) || !load_mailbox(store->db, guid, &box) || !box.id))
        return false;
    *out = box;
    return true;
}

/* ---- folders and messages ---- */

/* A growing array in an arena: doubling leaves the halves behind, at most as much again. */
static void *grow(struct om_arena *a, void *rows, size_t count, size_t *room, size_t size)
{
    void *more;

    if (count < *room)
        return rows;
    more = om__arena_array(a, *room ? *room * 2 : 32, size);
    if (!more)
        return NULL;
    if (count)
        memcpy(more, rows, count * size);
    *room = *room ? *room * 2 : 32;
    return more;
}

/* From `parent` down; the depth first order comes from SQLite taking the deepest row of the queue
 * next. */
#define FOLDER_TREE                                                                                \
    "WITH RECURSIVE tree(id, parent, name, class, depth) AS ("                                     \
    " SELECT id, parent, name, class, 1 FROM folder WHERE mailbox = ?1 AND parent = ?2"            \
    " UNION ALL"                                                                                   \
    " SELECT f.id, f.parent, f.name, f.class, t.depth + 1 FROM folder f JOIN tree t ON f.parent "  \
    "= t.id"                                                                                       \
    "  WHERE f.mailbox = ?1 AND ?3 AND t.depth < 64 ORDER BY 5 DESC, 3)"

#define FOLDER_COLUMNS                                                                             \
    " t.id, t.parent, t.name, t.class, t.depth,"                                                   \
    " (SELECT count(*) FROM message m WHERE m.mailbox = ?1 AND m.folder = t.id),"                  \
    " (SELECT count(*) FROM message m WHERE m.mailbox = ?1 AND m.folder = t.id AND m.read = 0),"   \
    " EXISTS(SELECT 1 FROM folder c WHERE c.mailbox = ?1 AND c.parent = t.id),"                    \
    " (SELECT sum(length(i.raw)) FROM message m JOIN mime i ON i.id = m.mime"                      \
    "  WHERE m.mailbox = ?1 AND m.folder = t.id)"

static bool read_folder(sqlite3_stmt *st, struct om_arena *a, struct lab_folder *f)
{
    f->id = (uint64_t)sqlite3_column_int64(st, 0);
    f->parent = (uint64_t)sqlite3_column_int64(st, 1);
    f->name = column_text(st, 2, a);
    f->container_class = column_text(st, 3, a);
    f->depth = (uint32_t)sqlite3_column_int(st, 4);
    f->total = (uint32_t)sqlite3_column_int64(st, 5);
    f->unread = (uint32_t)sqlite3_column_int64(st, 6);
    f->has_children = sqlite3_column_int(st, 7) != 0;
    f->size = (uint32_t)sqlite3_column_int64(st, 8);
    return f->name && f->container_class;
}

bool lab_mailstore_folders(struct lab_mailstore *store, const struct lab_mailbox *box,
                           uint64_t parent, bool deep, struct om_arena *a, struct lab_folder **out,
                           size_t *count)
{
    sqlite3_stmt *st = query(store->db, FOLDER_TREE " SELECT" FOLDER_COLUMNS " FROM tree t", "iii",
                             box->id, (int64_t)parent, (int64_t)deep);
    struct lab_folder *rows = NULL;
    size_t n = 0, room = 0;
    bool ok = false;

    while (next(&st, &ok)) {
        rows = grow(a, rows, n, &room, sizeof *rows);
        if (!rows || !read_folder(st, a, &rows[n])) {
            sqlite3_finalize(st);
            return false;
        }
        n++;
    }
    if (ok) {
        *out = rows;
        *count = n;
    }
    return ok;
}

bool lab_mailstore_folder(struct lab_mailstore *store, const struct lab_mailbox *box, uint64_t id,
                          struct om_arena *a, struct lab_folder *out, bool *found)
{
    sqlite3_stmt *st =
        query(store->db,
              "SELECT" FOLDER_COLUMNS " FROM (SELECT id, parent, name, class, 0 AS depth"
              " FROM folder WHERE mailbox = ?1 AND id = ?2) t",
              "ii", box->id, (int64_t)id);
    bool ok = false;

    *found = next(&st, &ok);
    if (*found) {
        ok = read_folder(st, a, out);
        sqlite3_finalize(st);
    }
    return ok;
}

static bool read_message(sqlite3_stmt *st, struct om_arena *a, struct lab_message *m)
{
    m->id = (uint64_t)sqlite3_column_int64(st, 0);
    m->read = sqlite3_column_int(st, 1) != 0;
    m->delivered = om__filetime_from_unix(sqlite3_column_int64(st, 2), 0);
    m->submitted = om__filetime_from_unix(sqlite3_column_int64(st, 3), 0);
    m->has_attachments = sqlite3_column_int(st, 4) != 0;
    m->size = (uint32_t)sqlite3_column_int64(st, 5);
    m->subject = column_text(st, 6, a);
    m->sender_name = column_text(st, 7, a);
    m->sender_smtp = column_text(st, 8, a);
    m->to = column_text(st, 9, a);
    m->message_class = "IPM.Note";
    return m->subject && m->sender_name && m->sender_smtp && m->to;
}

bool lab_mailstore_messages(struct lab_mailstore *store, const struct lab_mailbox *box,
                            uint64_t folder, struct om_arena *a, struct lab_message **out,
                            size_t *count)
{
    sqlite3_stmt *st =
        query(store->db,
              "SELECT m.id, m.read, m.delivered, i.submitted, i.attachments, length(i.raw),"
              " i.subject, i.sender_name, i.sender_smtp, i.recipients"
              " FROM message m JOIN mime i ON i.id = m.mime"
              " WHERE m.mailbox = ? AND m.folder = ? ORDER BY m.delivered DESC, m.id DESC",
              "ii", box->id, (int64_t)folder);
    struct lab_message *rows = NULL;
    size_t n = 0, room = 0;
    bool ok = false;

    while (next(&st, &ok)) {
        rows = grow(a, rows, n, &room, sizeof *rows);
        if (!rows || !read_message(st, a, &rows[n])) {
            sqlite3_finalize(st);
            return false;
        }
        n++;
    }
    if (ok) {
        *out = rows;
        *count = n;
    }
    return ok;
}
