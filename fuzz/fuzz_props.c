/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses: one TaggedPropertyValue, or a row of as many columns as it says, their
 * tags first. What decodes must encode and decode again to an equal value; copies are equal, too.
 */
#include <stdint.h>
#include <stdlib.h>

#include "codec/props.h"

#define COLUMNS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const struct om_proprow *row, const om_proptag *columns, struct om_arena *a)
{
    struct om_proprow back, copy;
    struct om_wr w;
    struct om_rd r;

    om_wr_init(&w, 1 << 20);
    if (!om__proprow_copy(a, &copy, row)) {
        if (!a->failed)
            abort();
        return;
    }
    if (columns)
        om_wr_proprow(&w, columns, row->count, &copy);
    else
        om_wr_tagged_propvals(&w, &copy);
    if (w.failed)
        abort();
    om_rd_init(&r, w.buf, w.len);
    if (columns)
        om_rd_proprow(&r, a, columns, row->count, &back);
    else
        om_rd_tagged_propvals(&r, a, row->count, &back);
    if (!a->failed && (!om_rd_ok(&r) || om_rd_left(&r) || !om__proprow_equal(&back, row)))
        abort();
    om_wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    om_proptag columns[COLUMNS];
    struct om_propval val;
    struct om_proprow row = {1, &val};
    struct om_arena a;
    struct om_rd r;
    size_t n;

    om__arena_init(&a, 1 << 22);
    om_rd_init(&r, data, size);
    n = om_rd_u8(&r, "columns") % (COLUMNS + 1);
    for (size_t i = 0; i < n; i++)
        columns[i] = om_rd_u32(&r, "column");
    if (n)
        om_rd_proprow(&r, &a, columns, n, &row);
    else
        om_rd_tagged_propval(&r, &a, &val);
    if (om_rd_ok(&r))
        check_row(&row, n ? columns : NULL, &a);
    om__arena_free(&a);
    return 0;
}
