/* SPDX-License-Identifier: MIT */
/* A restriction in memory, whatever carries it. [MS-OXCDATA] 2.12, [MS-OXNSPI] 2.2.5. */
#ifndef OM_CODEC_RESTRICTION_H
#define OM_CODEC_RESTRICTION_H

#include <onemapi/prop.h>

/* [MS-OXCDATA] 2.12.1; RES_COMMENT and RES_COUNT do not exist in the address book. */
enum om__restype {
    RES_AND = 0x0,
    RES_OR = 0x1,
    RES_NOT = 0x2,
    RES_CONTENT = 0x3,
    RES_PROPERTY = 0x4,
    RES_COMPAREPROPS = 0x5,
    RES_BITMASK = 0x6,
    RES_SIZE = 0x7,
    RES_EXIST = 0x8,
    RES_SUBRESTRICTION = 0x9,
    RES_COMMENT = 0xA,
    RES_COUNT = 0xB
};

/* [MS-OXCDATA] 2.12.5.1 */
enum om__relop { RELOP_LT, RELOP_LE, RELOP_GT, RELOP_GE, RELOP_EQ, RELOP_NE, RELOP_RE };

/* RES_BITMASK's relop, [MS-OXCDATA] 2.12.7.1 */
enum om__relbmr { BMR_EQZ, BMR_NEZ };

/* RES_CONTENT's relop: one of the low word or-ed with any of the high, [MS-OXCDATA] 2.12.4.1 */
enum om__fuzzy {
    FL_FULLSTRING = 0x0,
    FL_SUBSTRING = 0x1,
    FL_PREFIX = 0x2,
    FL_IGNORECASE = 0x10000,
    FL_IGNORENONSPACE = 0x20000,
    FL_LOOSE = 0x40000
};

/* Members that a type does not name are 0. */
struct om__restriction {
    enum om__restype type;
    uint32_t relop;               /* CONTENT: om__fuzzy; BITMASK: om__relbmr; else om__relop */
    om_proptag tag;               /* all but AND, OR, NOT; SUBRESTRICTION: the object */
    om_proptag tag2;              /* COMPAREPROPS */
    uint32_t number;              /* BITMASK: the mask; SIZE: bytes */
    const struct om_propval *val; /* CONTENT, PROPERTY; NULL: none was given */
    uint32_t count;               /* of sub; NOT, SUBRESTRICTION: 1, or 0 when none was given */
    const struct om__restriction *sub;
};

#endif
