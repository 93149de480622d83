/* SPDX-License-Identifier: MIT */
/* The ec codes under their names, for a server that answers with them: the list is base/ec.h's. */
#ifndef OM_LAB_EC_H
#define OM_LAB_EC_H

#include <stdint.h>

#include "base/ec.h"

#define LAB_EC_(name, code, status, cause, text) static const uint32_t name = code;
OM_EC_LIST(LAB_EC_)
#undef LAB_EC_

#endif
