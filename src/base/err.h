/* SPDX-License-Identifier: MIT */
/* Filling a struct om_error. The public half is include/onemapi/error.h. */
#ifndef OM_BASE_ERR_H
#define OM_BASE_ERR_H

#include <stdarg.h>

#include <onemapi/error.h>

/*
 * Records a failure unless one is recorded already (first writer wins) and gives `st` back, so that
 * a function ends with `return om__fail(...)`. The text is the detail. err may be NULL.
 */
om_status om__fail(struct om_error *err, om_status st, enum om_layer layer, enum om_cause cause,
                   enum om_native kind, uint32_t native, const char *fmt, ...) OM_PRINTF(7, 8);

/* MAPI_E_NOT_ENOUGH_MEMORY of layer `system`. */
om_status om__fail_memory(struct om_error *err, const char *what);

/* An errno of a system call, turned into status and cause. */
om_status om__fail_errno(struct om_error *err, enum om_layer layer, int errnum, const char *fmt,
                         ...) OM_PRINTF(4, 5);

/*
 * Names what the recorded failure was about, where the failing function could not know: the first
 * caller who knows wins. Does nothing when nothing was recorded.
 */
void om__error_target(struct om_error *err, const char *fmt, ...) OM_PRINTF(2, 3);
void om__error_doing(struct om_error *err, const char *fmt, ...) OM_PRINTF(2, 3);

/* vsnprintf() with this order of arguments, for functions that take a format themselves. */
void om__vformat(char *buf, size_t size, const char *fmt, va_list ap) OM_PRINTF(3, 0);

/* Adds an outer step; gives `st` back. When the frames are full the last one is replaced. */
om_status om__error_frame(struct om_error *err, om_status st, enum om_layer layer, const char *fmt,
                          ...) OM_PRINTF(4, 5);

#endif
