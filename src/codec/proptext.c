/* SPDX-License-Identifier: MIT */
#include "codec/proptext.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/filetime.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf16.h"
#include "codec/props.h"

#define NUMBER_TEXT 48 /* the longest number is -1.7976931348623157e+308 */

struct status_name {
    const char *name;
    uint32_t code;
};

#define ROW(name, code, text) {#name, code},
static const struct status_name status_names[] = {OM_STATUS_LIST(ROW)};
#undef ROW

/* --- writing --- */

static void put(struct om_wr *w, const char *s)
{
    om_wr_bytes(w, s, strlen(s));
}

static void put_hex(struct om_wr *w, const uint8_t *p, size_t n)
{
    char two[3];

    for (size_t i = 0; i < n; i++) {
        om__hex_format(&p[i], 1, true, two);
        om_wr_bytes(w, two, 2);
    }
}

/*
 * Bytes of the character at s when it can be shown: well-formed UTF-8 and no control character.
 * 0 otherwise: a lone surrogate's three bytes and bytes of another code page are written as \xHH.
 */
static size_t shown(const char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)s;
    size_t n = *p < 0x80             ? 1
               : (*p & 0xE0) == 0xC0 ? 2
               : (*p & 0xF0) == 0xE0 ? 3
               : (*p & 0xF8) == 0xF0 ? 4
                                     : 0;
    uint32_t c = n == 1 ? *p : n ? *p & (0x7Fu >> n) : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (n == 0 || c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    return c < 0x20 || (c >= 0x7F && c < 0xA0) ? 0 : n;
}

static bool needs_quotes(const char *s, bool in_list)
{
    size_t n;

    if (*s == 0 || *s == '"' || *s == ' ' || s[strlen(s) - 1] == ' ')
        return true;
    for (; *s; s += n) {
        n = shown(s);
        if (n == 0 || (in_list && *s == ';'))
            return true;
    }
    return false;
}

static void put_escaped(struct om_wr *w, char c)
{
    static const char plain[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *at = strchr(plain, c);

    om_wr_u8(w, '\\');
    if (at) {
        om_wr_u8(w, (uint8_t)letter[at - plain]);
        return;
    }
    om_wr_u8(w, 'x');
    put_hex(w, (const uint8_t *)&c, 1);
}

static void put_string(struct om_wr *w, const char *s, bool in_list)
{
    if (!needs_quotes(s, in_list)) {
        put(w, s);
        return;
    }
    om_wr_u8(w, '"');
    while (*s) {
        size_t n = *s == '"' || *s == '\\' ? 0 : shown(s);

        if (n)
            om_wr_bytes(w, s, n);
        else
            put_escaped(w, *s);
        s += n ? n : 1;
    }
    om_wr_u8(w, '"');
}

/* Numbers have a point, whatever the program's locale says. */
static void put_double(struct om_wr *w, double d, int digits)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), old = uselocale(c);
    char text[NUMBER_TEXT];

    snprintf(text, sizeof text, "%.*g", digits, d);
    uselocale(old);
    freelocale(c);
    put(w, text);
}

static void put_real(struct om_wr *w, enum om__propkind kind, const void *slot)
{
    char text[NUMBER_TEXT];
    uint64_t bits = 0;
    float f;
    double d;

    if (kind == OM__PROPKIND_FLT) {
        memcpy(&f, slot, sizeof f);
        memcpy(&bits, slot, sizeof f);
        d = f;
    } else {
        memcpy(&d, slot, sizeof d);
        memcpy(&bits, slot, sizeof d);
    }
    if (d == d) {
        put_double(w, d, kind == OM__PROPKIND_FLT ? 9 : 17);
        return;
    }
    snprintf(text, sizeof text,
             kind == OM__PROPKIND_FLT ? "nan(%08" PRIX64 ")" : "nan(%016" PRIX64 ")", bits);
    put(w, text);
}

static void put_i64(struct om_wr *w, uint16_t type, int64_t v)
{
    uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    char text[NUMBER_TEXT];

    if (type == PT_CURRENCY) {
        snprintf(text, sizeof text, "%s%" PRIu64 ".%04u", v < 0 ? "-" : "", size / 10000,
                 (unsigned)(size % 10000));
    } else if (type == PT_SYSTIME) {
        if (!om__filetime_format((uint64_t)v, text))
            snprintf(text, sizeof text, "0x%016" PRIX64, (uint64_t)v);
    } else {
        snprintf(text, sizeof text, "%" PRId64, v);
    }
    put(w, text);
}

static void put_i32(struct om_wr *w, om_proptag tag, uint32_t v)
{
    char text[2048];
    const char *name = OM_PROP_TYPE(tag) == PT_ERROR && v ? om_status_name(OM_STATUS(v)) : NULL;
    int n = OM_PROP_TYPE(tag) == PT_LONG ? om_propflags_format(tag, v, text, sizeof text) : -1;

    if (name)
        snprintf(text, sizeof text, "%s", name);
    else if (OM_PROP_TYPE(tag) == PT_ERROR)
        snprintf(text, sizeof text, "0x%08" PRIX32, v);
    else if (n < 0 || n >= (int)sizeof text)
        snprintf(text, sizeof text, "%" PRId32, (int32_t)v);
    put(w, text);
}

static void put_slot(struct om_wr *w, om_proptag tag, const void *slot, bool in_list)
{
    uint16_t type = OM_PROP_TYPE(tag) & (uint16_t)~OM_MV_FLAG;
    enum om__propkind kind = om__proptype_kind(type);
    const struct om_binary *bin = slot;
    char text[OM_GUID_TEXT];

    switch (kind) {
    case OM__PROPKIND_BAD:
    case OM__PROPKIND_NONE:
        break;
    case OM__PROPKIND_I16:
        put_i64(w, PT_I2, *(const int16_t *)slot);
        break;
    case OM__PROPKIND_I32:
        put_i32(w, tag, *(const uint32_t *)slot);
        break;
    case OM__PROPKIND_FLT:
    case OM__PROPKIND_DBL:
        put_real(w, kind, slot);
        break;
    case OM__PROPKIND_BOOL:
        put(w, *(const bool *)slot ? "true" : "false");
        break;
    case OM__PROPKIND_I64:
        put_i64(w, type, *(const int64_t *)slot);
        break;
    case OM__PROPKIND_STR8:
    case OM__PROPKIND_UTF16:
        put_string(w, *(const char *const *)slot, in_list);
        break;
    case OM__PROPKIND_GUID:
        om__guid_format(slot, text);
        put(w, text);
        break;
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        put_hex(w, bin->pb, bin->cb);
        if (in_list && !bin->cb)
            put(w, "\"\"");
        break;
    }
}

void om__propval_format(const struct om_propval *val, struct om_wr *w)
{
    uint16_t type = OM_PROP_TYPE(val->tag);
    size_t size = om__proptype_mv_size(type);

    if (!(type & OM_MV_FLAG)) {
        put_slot(w, val->tag, &val->v, false);
        return;
    }
    for (uint32_t i = 0; i < val->v.mv.count; i++) {
        if (i)
            om_wr_u8(w, ';');
        put_slot(w, val->tag, (const char *)val->v.mv.any + i * size, true);
    }
}

int om_propval_format(const struct om_propval *val, char *buf, size_t size)
{
    struct om_wr w;
    int len = -1;

    om_wr_init(&w, OM_MAX_PROPTEXT);
    om__propval_format(val, &w);
    om_wr_u8(&w, 0);
    if (!w.failed) {
        len = (int)w.len - 1;
        if (size)
            snprintf(buf, size, "%s", (const char *)w.buf);
    }
    om_wr_free(&w);
    return len;
}

/* --- reading --- */

struct parser {
    om_proptag tag;
    const char *text; /* all of it: columns count from here */
    struct om_arena *a;
    struct om_error *err;
};

static om_status bad(const struct parser *p, const char *at, const char *what)
{
    return om__fail(p->err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_SYNTAX,
                    OM_NATIVE_COLUMN, (uint32_t)(at - p->text) + 1, "\"%.64s\" is no %s", at, what);
}

static om_status no_memory(const struct parser *p)
{
    if (p->a->too_large)
        return om__fail(p->err, MAPI_E_TOO_BIG, OM_LAYER_USAGE, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE,
                        0, "a property's value may not be larger than %u bytes", OM_MAX_PROPTEXT);
    return om__fail_memory(p->err, "a property's value");
}

/* Decimal with a sign, or 0x; the magnitude must fit in 64 bits. */
static bool number(const char *s, bool *negative, uint64_t *size)
{
    bool hex = strncasecmp(s, "0x", 2) == 0;
    const char *digits;
    char *end;

    *negative = *s == '-';
    digits = hex ? s + 2 : s + *negative;
    if (!strchr(hex ? "0123456789abcdefABCDEF" : "0123456789", *digits) || !*digits)
        return false;
    errno = 0;
    *size = strtoull(digits, &end, hex ? 16 : 10);
    return *end == 0 && errno == 0;
}

/* A number of `bits` bits: signed in decimal, any pattern in hexadecimal, and unsigned decimal. */
static bool integer(const char *s, unsigned bits, uint64_t *out)
{
    uint64_t size, most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    bool negative;

    if (!number(s, &negative, &size) || size > (negative ? most / 2 + 1 : most))
        return false;
    *out = negative ? -size : size;
    return true;
}

static bool parse_bits(const char *s, size_t digits, uint64_t *bits)
{
    char *end;

    if (strncasecmp(s, "nan(", 4) != 0 || strspn(s + 4, "0123456789abcdefABCDEF") != digits)
        return false;
    *bits = strtoull(s + 4, &end, 16);
    return strcmp(end, ")") == 0;
}

static bool parse_real(const char *s, enum om__propkind kind, void *slot)
{
    bool narrow = kind == OM__PROPKIND_FLT;
    locale_t c, old;
    uint64_t bits;
    double d;
    float f;
    char *end;

    if (parse_bits(s, narrow ? 8 : 16, &bits)) {
        memcpy(slot, &bits, narrow ? sizeof f : sizeof d);
        return true;
    }
    if (!*s || !strchr("-+.0123456789iInN", *s))
        return false;
    c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    old = uselocale(c);
    f = strtof(s, &end);
    d = narrow ? 0 : strtod(s, &end);
    uselocale(old);
    freelocale(c);
    memcpy(slot, narrow ? (const void *)&f : (const void *)&d, narrow ? sizeof f : sizeof d);
    return *end == 0;
}

/* Ten-thousandths: up to four places after the point. */
static bool parse_currency(const char *s, int64_t *out)
{
    bool negative = *s == '-';
    const char *p = s + negative, *point = strchr(p, '.');
    uint64_t v = 0, most = (uint64_t)INT64_MAX + negative;
    size_t places = 0;

    if (!*p || strspn(p, "0123456789") != (point ? (size_t)(point - p) : strlen(p)))
        return false;
    for (; *p || places < 4; p += *p != 0) {
        unsigned digit = *p ? (unsigned)(*p - '0') : 0;

        if (*p == '.')
            continue;
        if (digit > 9 || (point && p > point && *p && places == 4) || v > (most - digit) / 10)
            return false;
        v = v * 10 + digit;
        places += !*p || (point && p > point);
    }
    *out = (int64_t)(negative ? -v : v);
    return true;
}

static bool parse_i64(const char *s, uint16_t type, int64_t *slot)
{
    uint64_t v;

    if (type == PT_CURRENCY)
        return parse_currency(s, slot);
    if (type == PT_SYSTIME && strncasecmp(s, "0x", 2) != 0) {
        if (!om__filetime_parse(s, &v))
            return false;
    } else if (!integer(s, 64, &v)) {
        return false;
    }
    *slot = (int64_t)v;
    return true;
}

static bool parse_bool(const char *s, bool *slot)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(s, words[i]) == 0) {
            *slot = i & 1;
            return true;
        }
    }
    return false;
}

static bool parse_i32(const char *s, uint16_t type, uint32_t *slot)
{
    uint64_t v;

    if (type == PT_ERROR) {
        for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++) {
            if (strcasecmp(s, status_names[i].name) == 0) {
                *slot = status_names[i].code;
                return true;
            }
        }
    }
    if (!integer(s, 32, &v))
        return false;
    *slot = (uint32_t)v;
    return true;
}

static om_status parse_bytes(struct parser *p, const char *s, const char *at, struct om_binary *out)
{
    size_t digits = strlen(s);
    uint8_t *bytes;

    *out = (struct om_binary){0, NULL};
    if (!digits || strcmp(s, "\"\"") == 0)
        return OM_OK;
    bytes = om__arena_alloc(p->a, digits / 2 + 1);
    if (!bytes)
        return no_memory(p);
    if (digits % 2 || !om__hex_parse(s, digits / 2, bytes))
        return bad(p, at, "row of hexadecimal digits, two a byte");
    *out = (struct om_binary){(uint32_t)(digits / 2), bytes};
    return OM_OK;
}

/* One character of a quoted string at *s, which moves past it. -1: no such escape. */
static int unescape(const char **s)
{
    static const char letter[] = "\"\\nrt", plain[] = "\"\\\n\r\t";
    const char *at;
    uint8_t byte;

    if (**s != '\\')
        return (uint8_t) * (*s)++;
    (*s)++;
    at = **s ? strchr(letter, **s) : NULL;
    if (at) {
        (*s)++;
        return plain[at - letter];
    }
    if (**s != 'x' || !om__hex_parse(*s + 1, 1, &byte) || byte == 0)
        return -1;
    *s += 3;
    return byte;
}

/* A string as it is, or in quotes: all of s either way. */
static om_status parse_string(struct parser *p, const char *s, const char *at, const char **out)
{
    char *copy = om__arena_strdup(p->a, s), *to = copy;
    int c;

    if (!copy)
        return no_memory(p);
    if (*s == '"') {
        for (s++; *s && *s != '"'; *to++ = (char)c) {
            c = unescape(&s);
            if (c < 0)
                return bad(p, at, "quoted string: a backslash stands before \" \\ n r t or xHH");
        }
        if (s[0] != '"' || s[1])
            return bad(p, at, "quoted string: the closing quote is not at its end");
        *to = 0;
    }
    *out = copy;
    return OM_OK;
}

/* PT_UNICODE has UTF-8; bytes that are none would not come back as they are. */
static om_status parse_unicode(struct parser *p, const char *s, const char *at, const char **out)
{
    om_status st = parse_string(p, s, at, out);

    if (!OM_FAILED(st) && !om__utf8_valid(*out))
        return bad(p, at, "UTF-8");
    return st;
}

static const char *what(uint16_t type)
{
    switch (type) {
    case PT_I2:
        return "16-bit number";
    case PT_LONG:
    case PT_ERROR:
        return "32-bit number";
    case PT_I8:
        return "64-bit number";
    case PT_BOOLEAN:
        return "true or false";
    case PT_SYSTIME:
        return "time like 2013-04-05T06:07:08Z";
    case PT_CLSID:
        return "GUID";
    case PT_CURRENCY:
        return "amount with up to four places";
    default:
        return "number";
    }
}

/* One value: s is its text, at where it stands in the whole. */
static om_status parse_slot(struct parser *p, const char *s, const char *at, void *slot)
{
    uint16_t type = OM_PROP_TYPE(p->tag) & (uint16_t)~OM_MV_FLAG;
    enum om__propkind kind = om__proptype_kind(type);
    uint64_t v = 0;
    bool ok = false;

    switch (kind) {
    case OM__PROPKIND_BAD:
    case OM__PROPKIND_NONE:
        break;
    case OM__PROPKIND_I16:
        ok = integer(s, 16, &v);
        *(int16_t *)slot = (int16_t)v;
        break;
    case OM__PROPKIND_I32:
        if (om_propflags_format(p->tag, 0, NULL, 0) >= 0)
            return om_propflags_parse(p->tag, s, slot, p->err);
        ok = parse_i32(s, type, slot);
        break;
    case OM__PROPKIND_FLT:
    case OM__PROPKIND_DBL:
        ok = parse_real(s, kind, slot);
        break;
    case OM__PROPKIND_BOOL:
        ok = parse_bool(s, slot);
        break;
    case OM__PROPKIND_I64:
        ok = parse_i64(s, type, slot);
        break;
    case OM__PROPKIND_STR8:
        return parse_string(p, s, at, slot);
    case OM__PROPKIND_UTF16:
        return parse_unicode(p, s, at, slot);
    case OM__PROPKIND_GUID:
        ok = om__guid_parse(s, slot);
        break;
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        return parse_bytes(p, s, at, slot);
    }
    return ok ? OM_OK : bad(p, at, what(type));
}

/* The item at *pos without the blanks around it; *pos moves to the ';' or the end. */
static size_t next_item(const char **pos, const char **item)
{
    const char *s = *pos + strspn(*pos, " "), *end = s;

    if (*s == '"') {
        for (end++; *end && *end != '"'; end++)
            end += *end == '\\' && end[1];
        end += *end == '"';
    }
    end += strcspn(end, ";");
    *item = s;
    *pos = end;
    while (end > s && end[-1] == ' ')
        end--;
    return (size_t)(end - s);
}

static uint32_t count_items(const char *text)
{
    const char *item;
    uint32_t n = 1;

    if (!text[strspn(text, " ")])
        return 0;
    for (next_item(&text, &item); *text; next_item(&text, &item), n++)
        text++;
    return n;
}

static om_status parse_list(struct parser *p, struct om_mv *out)
{
    size_t size = om__proptype_mv_size(OM_PROP_TYPE(p->tag)), n;
    uint32_t count = count_items(p->text);
    char *slots = om__arena_array(p->a, count, size), *copy;
    const char *pos = p->text, *item;
    om_status st;

    if (!slots)
        return no_memory(p);
    for (uint32_t i = 0; i < count; i++, pos++) {
        n = next_item(&pos, &item);
        if (n == 0)
            return bad(p, item, "value: write \"\" for an empty one");
        copy = om__arena_strndup(p->a, item, n);
        if (!copy)
            return no_memory(p);
        st = parse_slot(p, copy, item, slots + i * size);
        if (OM_FAILED(st))
            return st;
    }
    *out = (struct om_mv){.count = count, .any = count ? slots : NULL};
    return OM_OK;
}

om_status om__propval_parse(om_proptag tag, const char *text, struct om_arena *a,
                            struct om_propval *out, struct om_error *err)
{
    struct parser p = {.tag = tag, .text = text, .a = a, .err = err};
    struct om_propval val = {.tag = tag};
    uint16_t type = OM_PROP_TYPE(tag);
    om_status st = OM_OK;

    if (type == PT_UNSPECIFIED || om__proptype_kind(type) == OM__PROPKIND_BAD)
        return om__fail(err, MAPI_E_INVALID_TYPE, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "0x%08" PRIX32 " has no type that a value can have",
                        tag);
    if (type == PT_NULL && *text)
        st = bad(&p, text, "value: this property has none");
    else if (type & OM_MV_FLAG)
        st = parse_list(&p, &val.v.mv);
    else if (type != PT_NULL)
        st = parse_slot(&p, text, text, &val.v);
    if (!OM_FAILED(st))
        *out = val;
    return st;
}

/* What om_propval_parse() gives: the value and the memory behind it. */
struct owned {
    struct om_propval val;
    struct om_arena arena;
};

om_status om_propval_parse(om_proptag tag, const char *text, struct om_propval **val,
                           struct om_error *err)
{
    struct owned *o = om__malloc(sizeof *o);
    om_status st;

    if (!o)
        return om__fail_memory(err, "a property's value");
    om__arena_init(&o->arena, OM_MAX_PROPTEXT);
    st = om__propval_parse(tag, text, &o->arena, &o->val, err);
    if (OM_FAILED(st)) {
        om_propval_free(&o->val);
        return st;
    }
    *val = &o->val;
    return OM_OK;
}

void om_propval_free(struct om_propval *val)
{
    struct owned *o = (struct owned *)val; /* val is its first member */

    if (!o)
        return;
    om__arena_free(&o->arena);
    om__free(o);
}
