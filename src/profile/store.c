/* SPDX-License-Identifier: MIT */
/*
 * The store's file.
 *
 * It keeps SQLite's rollback journal: a home folder may be on a network file system or become
 * read-only, where write-ahead logging cannot even be read. synchronous=EXTRA makes a commit
 * outlive a power cut right after it; a store changes a few times a day, so the cost does not show.
 */
#include "profile/store.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"

#define APPLICATION_ID 0x6F6D7066 /* "ompf": says to file(1), and to us, whose file it is */
#define BUSY_MS        10000

/* Version 1. Names compare as the registry's keys do: NOCASE folds ASCII. */
static const char schema[] =
    "CREATE TABLE profile ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
    " mode TEXT NOT NULL,"
    " is_default INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX profile_default ON profile(is_default) WHERE is_default = 1;"
    "CREATE TABLE service ("
    " id INTEGER PRIMARY KEY,"
    " profile INTEGER NOT NULL REFERENCES profile ON DELETE CASCADE,"
    " uid BLOB NOT NULL CHECK (length(uid) = 16),"
    " name TEXT NOT NULL COLLATE NOCASE,"
    " UNIQUE (profile, uid));"
    "CREATE TABLE provider ("
    " id INTEGER PRIMARY KEY,"
    " service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE,"
    " uid BLOB NOT NULL CHECK (length(uid) = 16),"
    " name TEXT NOT NULL COLLATE NOCASE);"
    "CREATE INDEX provider_service ON provider(service);"
    "CREATE TABLE section ("
    " id INTEGER PRIMARY KEY,"
    " profile INTEGER NOT NULL REFERENCES profile ON DELETE CASCADE,"
    " service INTEGER REFERENCES service ON DELETE CASCADE,"
    " uid BLOB NOT NULL CHECK (length(uid) = 16),"
    " UNIQUE (profile, uid));"
    "CREATE INDEX section_service ON section(service);"
    "CREATE TABLE property ("
    " section INTEGER NOT NULL REFERENCES section ON DELETE CASCADE,"
    " tag INTEGER NOT NULL,"
    " value BLOB NOT NULL,"
    " PRIMARY KEY (section, tag)) WITHOUT ROWID;"
    "CREATE TABLE map_value ("
    " name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,"
    " data BLOB NOT NULL) WITHOUT ROWID;";

/* ---- failures ---- */

om_status om__store_damaged(struct om_error *err, const char *what)
{
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_STORE, OM_CAUSE_DAMAGED, OM_NATIVE_NONE, 0,
                    "%s", what);
}

static const struct {
    int rc; /* primary result code */
    om_status status;
    enum om_cause cause;
} results[] = {
    {SQLITE_FULL, MAPI_E_NOT_ENOUGH_DISK, OM_CAUSE_DISK_FULL},
    {SQLITE_READONLY, MAPI_E_NO_ACCESS, OM_CAUSE_READ_ONLY},
    {SQLITE_BUSY, MAPI_E_BUSY, OM_CAUSE_LOCKED},
    {SQLITE_LOCKED, MAPI_E_BUSY, OM_CAUSE_LOCKED},
    {SQLITE_PROTOCOL, MAPI_E_BUSY, OM_CAUSE_LOCKED},
    {SQLITE_CORRUPT, MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED},
    {SQLITE_NOTADB, MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED},
    {SQLITE_ERROR, MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED}, /* our statements fit our tables */
    {SQLITE_NOMEM, MAPI_E_NOT_ENOUGH_MEMORY, OM_CAUSE_NO_MEMORY},
    {SQLITE_PERM, MAPI_E_NO_ACCESS, OM_CAUSE_ACCESS_DENIED},
    {SQLITE_TOOBIG, MAPI_E_TOO_BIG, OM_CAUSE_TOO_LARGE},
    {SQLITE_CONSTRAINT, MAPI_E_COLLISION, OM_CAUSE_EXISTS},
};

om_status om__store_fail(struct om_store *s, struct om_error *err, int rc, const char *doing)
{
    int sys = s->db ? sqlite3_system_errno(s->db) : 0, primary = rc & 0xFF;
    bool file = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    om_status st = MAPI_E_DISK_ERROR;
    enum om_cause cause = OM_CAUSE_IO;

    if (file && (sys == ENOSPC || sys == EDQUOT))
        primary = SQLITE_FULL;
    else if (file && (sys == EROFS || sys == EACCES || sys == EPERM))
        primary = SQLITE_READONLY;
    else if (rc == SQLITE_IOERR_NOMEM)
        primary = SQLITE_NOMEM;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (results[i].rc == primary) {
            st = results[i].status;
            cause = results[i].cause;
        }
    }
    om__fail(err, st, OM_LAYER_STORE, cause, OM_NATIVE_SQLITE, (uint32_t)rc, "%s: %s",
             om_cause_text(cause), s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
    om__error_doing(err, "%s", doing);
    om__error_target(err, "%s", s->path);
    return st;
}

/* ---- statements ---- */

static int bind(sqlite3_stmt *stmt, const char *types, va_list ap)
{
    int rc = SQLITE_OK, n = 1;

    for (; *types && rc == SQLITE_OK; types++, n++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(stmt, n, va_arg(ap, int64_t));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(stmt, n, va_arg(ap, const char *), -1, SQLITE_STATIC);
        } else if (*types == 'u') {
            const struct om_uid *uid = va_arg(ap, const struct om_uid *);
            rc = sqlite3_bind_blob(stmt, n, uid->ab, sizeof uid->ab, SQLITE_STATIC);
        } else {
            const void *p = va_arg(ap, const void *);
            size_t size = va_arg(ap, size_t);
            /* NULL would bind SQL's NULL, which no bytes are not */
            rc = sqlite3_bind_blob64(stmt, n, size ? p : "", size, SQLITE_STATIC);
        }
    }
    return rc;
}

static om_status step_all(struct om_store *s, sqlite3_stmt *stmt, om__row_fn *row, void *ctx,
                          struct om_error *err)
{
    om_status st = OM_OK;
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        st = row ? row(ctx, stmt, err) : OM_OK;
        if (st != OM_OK)
            return st;
    }
    return rc == SQLITE_DONE ? OM_OK : om__store_fail(s, err, rc, "using the profile store");
}

om_status om__store_run(struct om_store *s, struct om_error *err, om__row_fn *row, void *ctx,
                        const char *sql, const char *types, ...)
{
    sqlite3_stmt *stmt = NULL;
    om_status st;
    va_list ap;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK) {
        va_start(ap, types);
        rc = bind(stmt, types, ap);
        va_end(ap);
    }
    st = rc == SQLITE_OK ? step_all(s, stmt, row, ctx, err)
                         : om__store_fail(s, err, rc, "using the profile store");
    sqlite3_finalize(stmt);
    if (OM_FAILED(st))
        om__error_target(err, "%s", s->path);
    return st;
}

om_status om__row_cell(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct om__cell *cell = ctx;

    (void)err;
    if (!cell->found)
        cell->value = sqlite3_column_int64(row, 0);
    cell->found = true;
    return OM_OK;
}

const char *om__column_text(sqlite3_stmt *row, int column, struct om_arena *a)
{
    const void *p = sqlite3_column_blob(row, column);
    int n = sqlite3_column_bytes(row, column);

    return om__arena_strndup(a, p ? p : "", p ? (size_t)n : 0);
}

om_status om__column_uid(sqlite3_stmt *row, int column, struct om_uid *uid, struct om_error *err)
{
    const void *p = sqlite3_column_blob(row, column);

    if (!p || sqlite3_column_bytes(row, column) != sizeof uid->ab)
        return om__store_damaged(err, "a UID does not have 16 bytes");
    memcpy(uid->ab, p, sizeof uid->ab);
    return OM_OK;
}

om_status om__list_fail(const struct om_arena *a, struct om_error *err)
{
    return a->too_large ? om__store_damaged(err, "an answer is larger than any this program writes")
                        : om__fail_memory(err, "a list of the profile store");
}

/* ---- transactions ---- */

static om_status begin(struct om_store *s, const char *outermost, struct om_error *err)
{
    char sql[40];
    om_status st;

    snprintf(sql, sizeof sql, "SAVEPOINT t%u", s->depth);
    st = om__store_run(s, err, NULL, NULL, s->depth ? sql : outermost, "");
    if (st == OM_OK)
        s->depth++;
    return st;
}

om_status om_store_begin(struct om_store *s, struct om_error *err)
{
    if (!s->writable) {
        om__fail(err, MAPI_E_NO_ACCESS, OM_LAYER_STORE, OM_CAUSE_READ_ONLY, OM_NATIVE_NONE, 0,
                 "the store was opened for reading");
        om__error_target(err, "%s", s->path);
        return MAPI_E_NO_ACCESS;
    }
    /* the lock is taken now: a reader that turns writer half-way could only fail */
    return begin(s, "BEGIN IMMEDIATE", err);
}

om_status om__store_snapshot(struct om_store *s, struct om_error *err)
{
    return begin(s, "BEGIN", err);
}

/* SQLite may have rolled the whole transaction back by itself: on a full disk, for one. */
static void undo_all(struct om_store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->depth = 0;
}

om_status om_store_commit(struct om_store *s, struct om_error *err)
{
    char sql[40];
    om_status st;

    if (s->depth == 0 || sqlite3_get_autocommit(s->db)) {
        s->depth = 0;
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_STORE, OM_CAUSE_INTERNAL, OM_NATIVE_NONE,
                        0, "commit without a transaction");
    }
    snprintf(sql, sizeof sql, "RELEASE t%u", s->depth - 1);
    st = om__store_run(s, err, NULL, NULL, s->depth > 1 ? sql : "COMMIT", "");
    if (st != OM_OK)
        undo_all(s);
    else
        s->depth--;
    return st;
}

void om_store_rollback(struct om_store *s)
{
    char sql[80];

    if (s->depth <= 1 || sqlite3_get_autocommit(s->db)) {
        undo_all(s);
        return;
    }
    s->depth--;
    snprintf(sql, sizeof sql, "ROLLBACK TO t%u; RELEASE t%u", s->depth, s->depth);
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        undo_all(s);
}

om_status om__store_end(struct om_store *s, om_status st, struct om_error *err)
{
    if (!OM_FAILED(st))
        return om_store_commit(s, err);
    om_store_rollback(s);
    return st;
}

/* ---- the folder and the file ---- */

static om_status refuse(struct om_error *err, const char *path, const char *why)
{
    om__fail(err, MAPI_E_NO_ACCESS, OM_LAYER_STORE, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0, "%s",
             why);
    om__error_target(err, "%s", path);
    return MAPI_E_NO_ACCESS;
}

/* mkdir -p; each new folder is the user's own. */
static int make_folders(const char *home)
{
    char *path = om__strdup(home), *slash;
    int rc = 0;

    if (!path) {
        errno = ENOMEM;
        return -1;
    }
    for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            break;
        *slash = '/';
    }
    if (mkdir(home, 0700) != 0 && errno != EEXIST)
        rc = -1;
    om__free(path);
    return rc;
}

/* A home of ours: it has the store in it, or nothing yet. */
static bool is_our_folder(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    bool ours = false, empty = true;
    struct dirent *e;

    if (!list) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    while ((e = readdir(list))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        empty = false;
        ours = ours || strcmp(e->d_name, OM_STORE_FILE) == 0;
    }
    closedir(list);
    return ours || empty;
}

/* Whose folder, and who else may use it. A folder that is also something else is not ours to
 * change. */
static om_status check_folder(int dir, const char *home, bool repair, struct om_error *err)
{
    struct stat info;

    if (fstat(dir, &info) != 0)
        return om__fail_errno(err, OM_LAYER_STORE, errno, "%s", home);
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return refuse(err, home, "the folder belongs to another user");
    if (!(info.st_mode & 077))
        return OM_OK;
    if (repair && is_our_folder(dir) && (fchmod(dir, 0700) == 0 || !(info.st_mode & 022)))
        return OM_OK;
    if (info.st_mode & 022)
        return refuse(err, home, "others may write in the folder");
    return OM_OK;
}

/*
 * Sees to the file's owner and mode, and creates it for writing. By name, never by opening what is
 * there: closing any descriptor of a file drops the POSIX locks that another store of this process
 * has on it.
 */
static om_status check_file(int dir, const char *path, bool write, bool *there,
                            struct om_error *err)
{
    struct stat info;
    int fd;

    *there = false;
    if (fstatat(dir, OM_STORE_FILE, &info, 0) != 0 && errno == ENOENT) {
        if (!write)
            return OM_OK;
        fd = openat(dir, OM_STORE_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return om__fail_errno(err, OM_LAYER_STORE, errno, "creating %s", path);
        if (fd >= 0)
            close(fd);
    }
    if (fstatat(dir, OM_STORE_FILE, &info, 0) != 0)
        return om__fail_errno(err, OM_LAYER_STORE, errno, "opening %s", path);
    *there = true;
    if (!S_ISREG(info.st_mode))
        return refuse(err, path, "it is no plain file");
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return refuse(err, path, "the file belongs to another user");
    if ((info.st_mode & 077) && write && fchmodat(dir, OM_STORE_FILE, 0600, 0) != 0 &&
        (info.st_mode & 022))
        return refuse(err, path, "others may write to the file");
    return OM_OK;
}

/* *there tells whether there is a file to open. */
static om_status prepare_home(const char *home, const char *path, bool write, bool *there,
                              struct om_error *err)
{
    om_status st;
    int dir;

    if (write && make_folders(home) != 0)
        return om__fail_errno(err, OM_LAYER_STORE, errno, "creating the folder %s", home);
    dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT && !write) {
        *there = false;
        return OM_OK;
    }
    if (dir < 0)
        return om__fail_errno(err, OM_LAYER_STORE, errno, "opening the folder %s", home);
    st = check_folder(dir, home, write, err);
    if (st == OM_OK)
        st = check_file(dir, path, write, there, err);
    close(dir);
    return st;
}

/* ---- opening ---- */

static om_status get_number(struct om_store *s, const char *sql, int64_t *value,
                            struct om_error *err)
{
    struct om__cell cell = {0};
    om_status st = om__store_run(s, err, om__row_cell, &cell, sql, "");

    *value = cell.value;
    return st;
}

static om_status create_schema(struct om_store *s, struct om_error *err)
{
    char mark[80];
    om_status st = OM_OK;
    int rc = sqlite3_exec(s->db, schema, NULL, NULL, NULL);

    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, OM_STORE_VERSION);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, mark, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        st = om__store_fail(s, err, rc, "creating the profile store");
    return st;
}

/* Somebody else may have created it since it was found empty: looked at again under the lock. */
static om_status create_in_file(struct om_store *s, struct om_error *err)
{
    int64_t version = 0;
    om_status st = om_store_begin(s, err);

    if (st != OM_OK)
        return st;
    st = get_number(s, "PRAGMA user_version", &version, err);
    if (st == OM_OK && version == 0)
        st = create_schema(s, err);
    return om__store_end(s, st, err);
}

static om_status row_integrity(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    const unsigned char *text = sqlite3_column_text(row, 0);

    (void)ctx;
    if (text && strcmp((const char *)text, "ok") == 0)
        return OM_OK;
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_STORE, OM_CAUSE_DAMAGED, OM_NATIVE_NONE, 0,
                    "the file is damaged: %.200s", text ? (const char *)text : "unreadable");
}

static om_status verify(struct om_store *s, int64_t *version, struct om_error *err)
{
    int64_t tables = 0, id = 0;
    om_status st = get_number(s, "PRAGMA user_version", version, err);

    if (st == OM_OK)
        st = get_number(s, "PRAGMA application_id", &id, err);
    if (st == OM_OK)
        st = get_number(s, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (st != OM_OK || (*version == 0 && id == 0 && tables == 0))
        return st;
    if (id != APPLICATION_ID || *version <= 0)
        return om__store_damaged(err, "the file is a database, but no profile store");
    if (*version > OM_STORE_VERSION)
        return om__fail(err, MAPI_E_VERSION, OM_LAYER_STORE, OM_CAUSE_NEWER_FORMAT, OM_NATIVE_NONE,
                        (uint32_t)*version, "the file has format %d, this version reads up to %d",
                        (int)*version, OM_STORE_VERSION);
    return om__store_run(s, err, row_integrity, NULL, "PRAGMA integrity_check(1)", "");
}

static om_status configure(struct om_store *s, struct om_error *err)
{
    static const char pragmas[] = "PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA;"
                                  "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                  "PRAGMA temp_store = MEMORY";
    int rc = sqlite3_busy_timeout(s->db, BUSY_MS);

    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, (int)(2 * OM_MAX_PROFILE_VALUE));
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OM_OK : om__store_fail(s, err, rc, "opening the profile store");
}

/*
 * A reader opens for writing too where it may: a transaction that a dead process left half done
 * must be rolled back before anything can be read. query_only keeps the reader from changing more
 * than that.
 */
static om_status open_database(struct om_store *s, bool there, struct om_error *err)
{
    const char *name = there ? s->path : ":memory:";
    int rc = sqlite3_open_v2(name, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
    int64_t version = 0;
    om_status st;

    if (rc != SQLITE_OK)
        return om__store_fail(s, err, rc, "opening the profile store");
    st = configure(s, err);
    if (st == OM_OK && there) {
        st = om__store_snapshot(s, err);
        if (st == OM_OK)
            st = om__store_end(s, verify(s, &version, err), err);
    }
    if (st == OM_OK && version == 0) {
        if (there && s->writable)
            return create_in_file(s, err);
        if (there) { /* a file nobody has written to yet */
            sqlite3_close(s->db);
            s->db = NULL;
            return open_database(s, false, err);
        }
        st = create_schema(s, err);
    }
    if (st == OM_OK && !s->writable) {
        rc = sqlite3_exec(s->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            st = om__store_fail(s, err, rc, "opening the profile store");
    }
    return st;
}

om_status om_store_open(const char *home, unsigned flags, struct om_store **out,
                        struct om_error *err)
{
    struct om_store *s = om__calloc(1, sizeof *s);
    size_t size = strlen(home) + sizeof "/" OM_STORE_FILE;
    bool there = false;
    om_status st;

    if (s)
        s->path = om__malloc(size);
    if (!s || !s->path) {
        om_store_close(s);
        return om__fail_memory(err, "the profile store");
    }
    snprintf(s->path, size, "%s/" OM_STORE_FILE, home);
    s->writable = flags & OM_STORE_WRITE;
    if (!*home)
        st = om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                      OM_NATIVE_NONE, 0, "the home folder has no name");
    else
        st = prepare_home(home, s->path, s->writable, &there, err);
    if (st == OM_OK)
        st = open_database(s, there, err);
    if (st != OM_OK) {
        om__error_target(err, "%s", s->path);
        om__error_doing(err, "opening the profile store");
        om_store_close(s);
        return st;
    }
    *out = s;
    return OM_OK;
}

void om_store_close(struct om_store *s)
{
    if (!s)
        return;
    if (s->db)
        sqlite3_close(s->db); /* what was not committed is rolled back */
    om__free(s->path);
    om__free(s);
}

void om_uid_text(const struct om_uid *uid, char out[OM_UID_CHARS])
{
    om__uid_format(uid, out);
}

bool om_uid_from_text(const char *text, struct om_uid *uid)
{
    return om__uid_parse(text, uid);
}
