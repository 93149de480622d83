/* SPDX-License-Identifier: MIT */
/*
 * Property tags, types and values, as profiles, the address book and tables share them.
 * [MS-OXCDATA] 2.9 (tags), 2.11 (types and values).
 */
#ifndef ONEMAPI_PROP_H
#define ONEMAPI_PROP_H

#include <onemapi/error.h>

OM_BEGIN_DECLS

/* Property identifier in the high 16 bits, type in the low 16: PR_DISPLAY_NAME is 0x3001001F. */
typedef uint32_t om_proptag;

#define OM_PROP_TAG(type, id) (((om_proptag)(id) << 16) | (uint16_t)(type))
#define OM_PROP_ID(tag)       ((uint16_t)((om_proptag)(tag) >> 16))
#define OM_PROP_TYPE(tag)     ((uint16_t)((tag)&0xFFFFu))

/* [MS-OXCDATA] 2.11.1 */
enum om_proptype {
    PT_UNSPECIFIED = 0x0000,
    PT_NULL = 0x0001,
    PT_I2 = 0x0002,
    PT_LONG = 0x0003,
    PT_R4 = 0x0004,
    PT_DOUBLE = 0x0005,
    PT_CURRENCY = 0x0006,
    PT_APPTIME = 0x0007,
    PT_ERROR = 0x000A,
    PT_BOOLEAN = 0x000B,
    PT_OBJECT = 0x000D,
    PT_I8 = 0x0014,
    PT_STRING8 = 0x001E,
    PT_UNICODE = 0x001F,
    PT_SYSTIME = 0x0040,
    PT_CLSID = 0x0048,
    PT_SVREID = 0x00FB,
    PT_SRESTRICT = 0x00FD,
    PT_ACTIONS = 0x00FE,
    PT_BINARY = 0x0102,

    OM_MV_FLAG = 0x1000, /* PT_MV_*: the type or-ed with this */
    PT_MV_I2 = 0x1002,
    PT_MV_LONG = 0x1003,
    PT_MV_R4 = 0x1004,
    PT_MV_DOUBLE = 0x1005,
    PT_MV_CURRENCY = 0x1006,
    PT_MV_APPTIME = 0x1007,
    PT_MV_I8 = 0x1014,
    PT_MV_STRING8 = 0x101E,
    PT_MV_UNICODE = 0x101F,
    PT_MV_SYSTIME = 0x1040,
    PT_MV_CLSID = 0x1048,
    PT_MV_BINARY = 0x1102
};

/* A GUID in its fields, [MS-DTYP] 2.3.4. */
struct om_guid {
    uint32_t data1;
    uint16_t data2;
    uint16_t data3;
    uint8_t data4[8];
};

/* A MAPIUID: 16 bytes that are never byte-swapped, written in memory order. */
struct om_uid {
    uint8_t ab[16];
};

struct om_binary {
    uint32_t cb;
    const uint8_t *pb; /* NULL when cb is 0 */
};

/*
 * One property. Pointers are borrowed: from whoever handed the value out, and for as long as its
 * function says.
 *   PT_STRING8  bytes in the code page of their source, NUL-terminated, not converted
 *   PT_UNICODE  UTF-8, NUL-terminated; a lone UTF-16 surrogate is kept as its three-byte form
 *               (WTF-8), so that what was read is what is written
 *   PT_SYSTIME  100 ns since 1601-01-01 UTC
 *   PT_APPTIME  days since 1899-12-30
 *   PT_CURRENCY ten-thousandths
 *   PT_ERROR    the code as it stood on the wire
 */
struct om_propval {
    om_proptag tag;
    union om_propdata {
        int16_t i;
        int32_t l;
        float flt;
        double dbl;
        int64_t cur;
        double at;
        uint32_t err;
        bool b;
        int64_t li;
        uint64_t ft;
        struct om_guid guid;
        const char *str8;
        const char *utf8;
        struct om_binary bin; /* PT_BINARY, PT_SVREID, PT_OBJECT, and types without their own */
        struct om_mv {
            uint32_t count;
            OM_UNNAMED union {
                const int16_t *i;
                const int32_t *l;
                const float *flt;
                const double *dbl; /* also PT_MV_APPTIME */
                const int64_t *li; /* also PT_MV_CURRENCY */
                const uint64_t *ft;
                const struct om_guid *guid;
                const char *const *str; /* PT_MV_STRING8 and PT_MV_UNICODE */
                const struct om_binary *bin;
                const void *any; /* NULL when count is 0 */
            };
        } mv;
    } v;
};

struct om_proprow {
    uint32_t count;
    const struct om_propval *vals;
};

/* "PT_UNICODE", or NULL. Static storage. */
OM_API const char *om_proptype_name(uint16_t type);

/* The type of that name ("PT_LONG"); false when there is none. */
OM_API bool om_proptype_parse(const char *name, uint16_t *type);

/*
 * The field's name of a tag: "PR_DISPLAY_NAME". The id and the type are compared, PT_STRING8 and
 * PT_UNICODE counting as one. NULL when the tag has no name here. Static storage.
 */
OM_API const char *om_proptag_name(om_proptag tag);

/*
 * A tag from "PR_DISPLAY_NAME", "PidTagDisplayName" (any case), "0x3001001E" or "3001001E". A
 * trailing _A or _W chooses PT_STRING8 or PT_UNICODE. On MAPI_E_NOT_FOUND the error's detail lists
 * the nearest names.
 */
OM_API om_status om_proptag_parse(const char *text, om_proptag *tag, struct om_error *err);

/*
 * Flags by name, for properties whose bits have names (PR_PROFILE_CONNECT_FLAGS, PR_ROH_FLAGS).
 * The text is names and numbers joined with '|', any case: "CONNECT_IGNORE_NO_PF|0x4". A property
 * that is one of several values rather than bits (PR_PROFILE_AUTH_PACKAGE) takes one name. A tag
 * without names takes one number. On MAPI_E_NOT_FOUND the error's detail lists the nearest names.
 */
OM_API om_status om_propflags_parse(om_proptag tag, const char *text, uint32_t *flags,
                                    struct om_error *err);

/*
 * The names of the bits, what has no name as one hexadecimal number at the end, "0" for none; of a
 * property that is one of several values its name, or a decimal number. NUL-terminated, cut to
 * size; the length without the cut, as snprintf does. -1 when the tag has no names.
 */
OM_API int om_propflags_format(om_proptag tag, uint32_t flags, char *buf, size_t size);

/*
 * A value as one line of text, and back; every value comes back as it was.
 *
 *   PT_I2 PT_LONG PT_I8    decimal, or 0x hexadecimal; flags also by name, as above
 *   PT_R4 PT_DOUBLE        decimal with enough digits, "inf", "-inf", "nan(BITS)"; a point
 *                          whatever the locale
 *   PT_APPTIME             the same: days since 1899-12-30
 *   PT_CURRENCY            decimal with up to four places
 *   PT_BOOLEAN             true or false (also 1, 0, yes, no)
 *   PT_SYSTIME             2013-04-05T06:07:08Z with up to seven decimals of a second, or 0x and
 *                          the raw number
 *   PT_CLSID               xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, braces allowed
 *   PT_ERROR               MAPI_E_NOT_FOUND, or a number
 *   PT_STRING8 PT_UNICODE  as it is; or "quoted" with \" \\ \n \r \t and \xHH (a byte) inside.
 *                          Formatted quoted when it starts with a quote, is empty, has blanks at
 *                          an end, or bytes that cannot be shown
 *   PT_NULL                nothing
 *   PT_BINARY and others without a form of their own: hexadecimal digits
 *
 * A multi-valued property is its values with ';' between them; blanks around one are ignored. A
 * string with ';' in it is quoted; an empty string or empty bytes are "". Nothing at all is no
 * values.
 */

/* NUL-terminated, cut to size; the length without the cut, as snprintf does. -1: no memory. */
OM_API int om_propval_format(const struct om_propval *val, char *buf, size_t size);

/* *val is freed with om_propval_free(), which takes NULL. A mistake's native code is its column. */
OM_API om_status om_propval_parse(om_proptag tag, const char *text, struct om_propval **val,
                                  struct om_error *err);
OM_API void om_propval_free(struct om_propval *val);

OM_END_DECLS

#endif
