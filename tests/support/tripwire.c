/* SPDX-License-Identifier: MIT */
#include "support/tripwire.h"

#include <signal.h>
#include <string.h>

#include <sqlite3.h>

static sqlite3_vfs *real;
static sqlite3_vfs shim;
static enum tripwire mode;
static unsigned long left;
static bool tripped;

struct file {
    sqlite3_file base;
    sqlite3_file real[]; /* real->szOsFile bytes */
};

static sqlite3_file *inner(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

/* 0: go on. A full disk refuses writes only: truncating and deleting still work. */
static int step(bool write)
{
    if (mode == TRIP_NEVER || (mode == TRIP_FULL && !write) || (left && --left))
        return SQLITE_OK;
    tripped = true;
    return mode == TRIP_FULL ? SQLITE_FULL : mode == TRIP_IOERR ? SQLITE_IOERR_WRITE : -1;
}

static int f_close(sqlite3_file *f)
{
    return inner(f)->pMethods ? inner(f)->pMethods->xClose(inner(f)) : SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return inner(f)->pMethods->xRead(inner(f), p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = step(true);

    if (rc == -1) {
        inner(f)->pMethods->xWrite(inner(f), p, n / 2, at);
        raise(SIGKILL);
    }
    return rc ? rc : inner(f)->pMethods->xWrite(inner(f), p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = step(false);

    if (rc == -1)
        raise(SIGKILL);
    return rc ? SQLITE_IOERR_TRUNCATE : inner(f)->pMethods->xTruncate(inner(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    int rc = step(false);

    if (rc == -1)
        raise(SIGKILL);
    return rc ? SQLITE_IOERR_FSYNC : inner(f)->pMethods->xSync(inner(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return inner(f)->pMethods->xFileSize(inner(f), size);
}

static int f_lock(sqlite3_file *f, int level)
{
    return inner(f)->pMethods->xLock(inner(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return inner(f)->pMethods->xUnlock(inner(f), level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return inner(f)->pMethods->xCheckReservedLock(inner(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return inner(f)->pMethods->xFileControl(inner(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return inner(f)->pMethods->xSectorSize(inner(f));
}

static int f_traits(sqlite3_file *f)
{
    return inner(f)->pMethods->xDeviceCharacteristics(inner(f));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    int rc;

    (void)vfs;
    f->pMethods = NULL;
    memset(inner(f), 0, (size_t)real->szOsFile);
    rc = real->xOpen(real, name, inner(f), flags, out);
    if (inner(f)->pMethods)
        f->pMethods = &methods;
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    int rc = step(false);

    (void)vfs;
    if (rc == -1)
        raise(SIGKILL);
    return rc ? SQLITE_IOERR_DELETE : real->xDelete(real, name, sync);
}

void tripwire_install(void)
{
    real = sqlite3_vfs_find(NULL);
    shim = *real;
    shim.zName = "tripwire";
    shim.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    shim.xOpen = v_open;
    shim.xDelete = v_delete;
    sqlite3_vfs_register(&shim, 1);
}

void tripwire_arm(enum tripwire what, unsigned long nth)
{
    mode = what;
    left = nth;
    tripped = false;
}

bool tripwire_tripped(void)
{
    return tripped;
}
