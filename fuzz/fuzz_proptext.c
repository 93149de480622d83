/* SPDX-License-Identifier: MIT */
/*
 * Four bytes of tag, then text. What parses must format to text that parses to an equal value, and
 * that formats to the same text. Names of tags and flags are parsed along.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/props.h"
#include "codec/proptext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(om_proptag tag, const char *text, struct om_arena *a)
{
    struct om_propval val, back;
    struct om_wr one, two;

    if (OM_FAILED(om__propval_parse(tag, text, a, &val, NULL)))
        return;
    om_wr_init(&one, 1 << 20);
    om_wr_init(&two, 1 << 20);
    om__propval_format(&val, &one);
    om_wr_u8(&one, 0);
    if (one.failed || OM_FAILED(om__propval_parse(tag, (const char *)one.buf, a, &back, NULL)))
        abort();
    if (!om__propval_equal(&val, &back))
        abort();
    om__propval_format(&back, &two);
    om_wr_u8(&two, 0);
    if (one.len != two.len || memcmp(one.buf, two.buf, one.len) != 0)
        abort();
    om_wr_free(&one);
    om_wr_free(&two);
}

static void check_name(const char *text)
{
    om_proptag tag, again = 0;

    if (OM_FAILED(om_proptag_parse(text, &tag, NULL)) || !om_proptag_name(tag))
        return;
    if (om_proptag_parse(om_proptag_name(tag), &again, NULL) != OM_OK ||
        !om__proptag_match(tag, again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_arena a;
    struct om_rd r;
    om_proptag tag;
    uint32_t flags;
    char *text;

    om_rd_init(&r, data, size);
    tag = om_rd_u32(&r, "tag");
    if (!om_rd_ok(&r))
        return 0;
    om__arena_init(&a, 1 << 22);
    text = om__arena_alloc(&a, om_rd_left(&r) + 1);
    if (!text)
        abort();
    memcpy(text, r.pos, om_rd_left(&r));
    check(tag, text, &a);
    om_propflags_parse(tag, text, &flags, &err);
    check_name(text);
    om__arena_free(&a);
    return 0;
}
