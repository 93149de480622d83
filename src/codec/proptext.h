/* SPDX-License-Identifier: MIT */
/*
 * Property values as text, for people and for command lines. What is formatted parses back to the
 * same value, whatever the value; the public halves are om_propval_format() and om_propval_parse(),
 * and include/onemapi/prop.h describes the text.
 */
#ifndef OM_CODEC_PROPTEXT_H
#define OM_CODEC_PROPTEXT_H

#include <onemapi/prop.h>

#include "base/arena.h"
#include "base/wr.h"

/* Writes the text, without a NUL. */
void om__propval_format(const struct om_propval *val, struct om_wr *w);

/* The value lives in the arena. Cause OM_CAUSE_BAD_SYNTAX of layer usage, native: the column. */
om_status om__propval_parse(om_proptag tag, const char *text, struct om_arena *a,
                            struct om_propval *out, struct om_error *err);

#endif
