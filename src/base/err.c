/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/ec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void om__vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
    vsnprintf(buf, size, fmt, ap);
}

static bool record(struct om_error *err, om_status st, enum om_layer layer, enum om_cause cause,
                   enum om_native kind, uint32_t native)
{
    if (!err || err->status != OM_OK)
        return false;
    om_error_clear(err);
    err->status = st;
    err->layer = layer;
    err->cause = cause;
    err->native_kind = kind;
    err->native = native;
    return true;
}

om_status om__fail(struct om_error *err, om_status st, enum om_layer layer, enum om_cause cause,
                   enum om_native kind, uint32_t native, const char *fmt, ...)
{
    va_list ap;

    if (!record(err, st, layer, cause, kind, native))
        return st;
    va_start(ap, fmt);
    om__vformat(err->detail, sizeof err->detail, fmt, ap);
    va_end(ap);
    return st;
}

om_status om__fail_memory(struct om_error *err, const char *what)
{
    return om__fail(err, MAPI_E_NOT_ENOUGH_MEMORY, OM_LAYER_SYSTEM, OM_CAUSE_NO_MEMORY,
                    OM_NATIVE_NONE, 0, "no memory for %s", what);
}

static const struct {
    int errnum;
    om_status status;
    enum om_cause cause;
} errno_table[] = {
    {ENOMEM, MAPI_E_NOT_ENOUGH_MEMORY, OM_CAUSE_NO_MEMORY},
    {ENOENT, MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND},
    {ENOTDIR, MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND},
    {EEXIST, MAPI_E_COLLISION, OM_CAUSE_EXISTS},
    {EACCES, MAPI_E_NO_ACCESS, OM_CAUSE_ACCESS_DENIED},
    {EPERM, MAPI_E_NO_ACCESS, OM_CAUSE_ACCESS_DENIED},
    {EROFS, MAPI_E_NO_ACCESS, OM_CAUSE_READ_ONLY},
    {ENOSPC, MAPI_E_NOT_ENOUGH_DISK, OM_CAUSE_DISK_FULL},
    {EDQUOT, MAPI_E_NOT_ENOUGH_DISK, OM_CAUSE_DISK_FULL},
    {ECONNREFUSED, MAPI_E_NETWORK_ERROR, OM_CAUSE_REFUSED},
    {ECONNRESET, MAPI_E_NETWORK_ERROR, OM_CAUSE_RESET},
    {EPIPE, MAPI_E_NETWORK_ERROR, OM_CAUSE_CLOSED},
    {ETIMEDOUT, MAPI_E_NETWORK_ERROR, OM_CAUSE_TIMEOUT},
    {ENETUNREACH, MAPI_E_NETWORK_ERROR, OM_CAUSE_UNREACHABLE},
    {EHOSTUNREACH, MAPI_E_NETWORK_ERROR, OM_CAUSE_UNREACHABLE},
};

om_status om__fail_errno(struct om_error *err, enum om_layer layer, int errnum, const char *fmt,
                         ...)
{
    bool remote = layer >= OM_LAYER_DNS && layer <= OM_LAYER_ROP;
    om_status st = remote ? MAPI_E_NETWORK_ERROR : MAPI_E_DISK_ERROR;
    enum om_cause cause = OM_CAUSE_IO;
    char what[160], text[64];
    const char *why;
    va_list ap;

    for (size_t i = 0; i < sizeof errno_table / sizeof *errno_table; i++) {
        if (errno_table[i].errnum == errnum) {
            st = errno_table[i].status;
            cause = errno_table[i].cause;
        }
    }
    va_start(ap, fmt);
    om__vformat(what, sizeof what, fmt, ap);
    va_end(ap);
    why = strerror_r(errnum, text, sizeof text); /* GNU's: its own text, or the buffer */
    return om__fail(err, st, layer, cause, OM_NATIVE_ERRNO, (uint32_t)errnum, "%s: %s", what, why);
}

void om__error_target(struct om_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err || err->status == OM_OK || err->target[0])
        return;
    va_start(ap, fmt);
    om__vformat(err->target, sizeof err->target, fmt, ap);
    va_end(ap);
}

void om__error_doing(struct om_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err || err->status == OM_OK || err->doing[0])
        return;
    va_start(ap, fmt);
    om__vformat(err->doing, sizeof err->doing, fmt, ap);
    va_end(ap);
}

om_status om__error_frame(struct om_error *err, om_status st, enum om_layer layer, const char *fmt,
                          ...)
{
    struct om_error_frame *f;
    va_list ap;

    if (!err)
        return st;
    if (err->frame_count < OM_ERROR_FRAMES)
        err->frame_count++;
    f = &err->frames[err->frame_count - 1];
    f->layer = layer;
    f->status = st;
    va_start(ap, fmt);
    om__vformat(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    return st;
}

void om_error_clear(struct om_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

om_status om_error_status(const struct om_error *err)
{
    return err->frame_count ? err->frames[err->frame_count - 1].status : err->status;
}

#define NAME_(id, name) [OM_LAYER_##id] = name,
static const char *const layer_names[] = {OM_LAYER_LIST(NAME_)};
#undef NAME_
#define NAME_(id, name) [OM_NATIVE_##id] = name,
static const char *const native_names[] = {OM_NATIVE_LIST(NAME_)};
#undef NAME_
#define NAME_(id, name, text) [OM_CAUSE_##id] = {name, text},
static const struct {
    const char *name, *text;
} causes[] = {OM_CAUSE_LIST(NAME_)};
#undef NAME_

const char *om_layer_name(enum om_layer layer)
{
    return (unsigned)layer < OM_LAYER_COUNT_ ? layer_names[layer] : "unknown";
}

const char *om_native_name(enum om_native kind)
{
    return (unsigned)kind < OM_NATIVE_COUNT_ ? native_names[kind] : "unknown";
}

const char *om_cause_name(enum om_cause cause)
{
    return (unsigned)cause < OM_CAUSE_COUNT_ ? causes[cause].name : "unknown";
}

const char *om_cause_text(enum om_cause cause)
{
    return (unsigned)cause < OM_CAUSE_COUNT_ ? causes[cause].text : "unknown";
}

int om_error_format(const struct om_error *err, char *buf, size_t size)
{
    om_status st = om_error_status(err);
    const char *name = om_status_name(st);
    const char *what = err->frame_count ? err->frames[err->frame_count - 1].text : err->doing;

    return snprintf(buf, size, "%s: %s%s%s%s%s%s (%s 0x%08X)", om_layer_name(err->layer), what,
                    what[0] ? ": " : "", err->detail[0] ? err->detail : om_cause_text(err->cause),
                    err->target[0] ? " [" : "", err->target, err->target[0] ? "]" : "",
                    name ? name : "MAPI", (unsigned)st);
}

om_status om__fail_ec(struct om_error *err, enum om_layer layer, uint32_t ec, const char *doing)
{
    const struct om__ec_info *info = om__ec_find(ec);
    om_status st = om_status_from_ec(ec);

    if (ec == 0)
        return OM_OK;
    om__fail(err, st, layer, info ? info->cause : OM_CAUSE_SERVER_ERROR, OM_NATIVE_EC, ec,
             "%s (%s 0x%X)", info ? info->text : "the server answered with an error",
             info ? info->name : "code", (unsigned)ec);
    om__error_doing(err, "%s", doing);
    return st;
}
