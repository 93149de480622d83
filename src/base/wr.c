/* SPDX-License-Identifier: MIT */
#include "base/wr.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf16.h"

void om_wr_init(struct om_wr *w, size_t ceiling)
{
    *w = (struct om_wr){.ceiling = ceiling};
}

void om_wr_free(struct om_wr *w)
{
    if (!w)
        return;
    if (w->wipe && w->buf)
        om__wipe(w->buf, w->cap);
    om__free(w->buf);
    *w = (struct om_wr){.ceiling = w->ceiling, .wipe = w->wipe};
}

void om_wr_reset(struct om_wr *w)
{
    if (w->wipe && w->buf)
        om__wipe(w->buf, w->cap);
    w->len = w->origin = 0;
    w->failed = w->too_large = w->invalid = false;
}

/* A plain realloc may leave a copy of a secret behind; a wiping cursor moves by hand. */
static uint8_t *regrow(struct om_wr *w, size_t cap)
{
    uint8_t *p;

    if (!w->wipe)
        return om__realloc(w->buf, cap);
    p = om__malloc(cap);
    if (p) {
        if (w->len)
            memcpy(p, w->buf, w->len);
        om__wipe_free(w->buf, w->cap);
    }
    return p;
}

static bool grow(struct om_wr *w, size_t n)
{
    size_t need, cap = w->cap ? w->cap : 128;
    uint8_t *p;

    if (n > w->ceiling || w->len > w->ceiling - n) {
        w->failed = w->too_large = true;
        return false;
    }
    need = w->len + n;
    while (cap < need)
        cap *= 2;
    if (cap > w->ceiling)
        cap = w->ceiling;
    p = regrow(w, cap);
    if (!p) {
        w->failed = true;
        return false;
    }
    w->buf = p;
    w->cap = cap;
    return true;
}

uint8_t *om_wr_space(struct om_wr *w, size_t n)
{
    uint8_t *p;

    if (w->failed || (w->cap - w->len < n && !grow(w, n)))
        return NULL;
    if (!w->buf && !grow(w, 1)) /* n is 0: still a pointer that is not NULL */
        return NULL;
    p = w->buf + w->len;
    w->len += n;
    return p;
}

static void put_le(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; p && i < n; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

static void put_be(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = n; p && i > 0; i--, v >>= 8)
        p[i - 1] = (uint8_t)v;
}

void om_wr_u8(struct om_wr *w, uint8_t v)
{
    put_le(om_wr_space(w, 1), v, 1);
}

void om_wr_u16(struct om_wr *w, uint16_t v)
{
    put_le(om_wr_space(w, 2), v, 2);
}

void om_wr_u32(struct om_wr *w, uint32_t v)
{
    put_le(om_wr_space(w, 4), v, 4);
}

void om_wr_u64(struct om_wr *w, uint64_t v)
{
    put_le(om_wr_space(w, 8), v, 8);
}

void om_wr_u16_be(struct om_wr *w, uint16_t v)
{
    put_be(om_wr_space(w, 2), v, 2);
}

void om_wr_u32_be(struct om_wr *w, uint32_t v)
{
    put_be(om_wr_space(w, 4), v, 4);
}

void om_wr_guid(struct om_wr *w, const struct om_guid *g)
{
    om_wr_u32(w, g->data1);
    om_wr_u16(w, g->data2);
    om_wr_u16(w, g->data3);
    om_wr_bytes(w, g->data4, sizeof g->data4);
}

void om_wr_bytes(struct om_wr *w, const void *p, size_t n)
{
    uint8_t *q = om_wr_space(w, n);

    if (q && n)
        memcpy(q, p, n);
}

void om_wr_zeros(struct om_wr *w, size_t n)
{
    uint8_t *q = om_wr_space(w, n);

    if (q)
        memset(q, 0, n);
}

void om_wr_align(struct om_wr *w, size_t to)
{
    om_wr_zeros(w, (to - (w->len - w->origin) % to) % to);
}

void om_wr_asciiz(struct om_wr *w, const char *s)
{
    om_wr_bytes(w, s, strlen(s) + 1);
}

void om_wr_utf16(struct om_wr *w, const char *utf8)
{
    size_t n = om__utf8_to_utf16_size(utf8);
    uint8_t *p = om_wr_space(w, n);

    if (p)
        om__utf8_to_utf16(utf8, p);
}

void om_wr_utf16z(struct om_wr *w, const char *utf8)
{
    om_wr_utf16(w, utf8);
    om_wr_u16(w, 0);
}

bool om_wr_check(struct om_wr *w, bool ok)
{
    if (!ok && !w->failed)
        w->failed = w->invalid = true;
    return !w->failed;
}

void om_wr_truncate(struct om_wr *w, size_t len)
{
    if (w->failed || len >= w->len)
        return;
    if (w->wipe)
        om__wipe(w->buf + len, w->len - len);
    w->len = len;
}

size_t om_wr_reserve(struct om_wr *w, size_t n)
{
    size_t at = w->len;

    om_wr_zeros(w, n);
    return at;
}

static void patch(struct om_wr *w, size_t at, size_t value, size_t n, size_t max)
{
    if (w->failed)
        return;
    if (value > max) {
        w->failed = w->too_large = true;
        return;
    }
    put_le(w->buf + at, value, n);
}

void om_wr_patch_u16(struct om_wr *w, size_t at, size_t value)
{
    patch(w, at, value, 2, UINT16_MAX);
}

void om_wr_patch_u32(struct om_wr *w, size_t at, size_t value)
{
    patch(w, at, value, 4, UINT32_MAX);
}

om_status om_wr_finish(const struct om_wr *w, enum om_layer layer, const char *what,
                       struct om_error *err)
{
    if (!w->failed)
        return OM_OK;
    if (w->invalid)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, layer, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "%s holds a value that cannot be written", what);
    if (w->too_large)
        return om__fail(err, MAPI_E_TOO_BIG, layer, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "%s would be larger than its ceiling of %zu bytes", what, w->ceiling);
    return om__fail(err, MAPI_E_NOT_ENOUGH_MEMORY, layer, OM_CAUSE_NO_MEMORY, OM_NATIVE_NONE, 0,
                    "no memory to write %s", what);
}

uint8_t *om_wr_take(struct om_wr *w, size_t *len)
{
    uint8_t *p = w->buf;

    *len = w->len;
    *w = (struct om_wr){.ceiling = w->ceiling, .wipe = w->wipe};
    return p;
}
