/* SPDX-License-Identifier: MIT */
#ifndef ONEMAPI_API_H
#define ONEMAPI_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything exported from libonemapi carries OM_API; the rest of the library is built hidden. */
#if defined(__GNUC__)
#define OM_API                __attribute__((visibility("default")))
#define OM_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define OM_MUST_CHECK         __attribute__((warn_unused_result))
#define OM_UNNAMED            __extension__ /* before an unnamed union: C99 has none, every compiler does */
#else
#define OM_API
#define OM_PRINTF(fmt, first)
#define OM_MUST_CHECK
#define OM_UNNAMED
#endif

#ifdef __cplusplus
#define OM_BEGIN_DECLS extern "C" {
#define OM_END_DECLS   }
#else
#define OM_BEGIN_DECLS
#define OM_END_DECLS
#endif

#endif
