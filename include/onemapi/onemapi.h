/* SPDX-License-Identifier: MIT */
/* The public API of libonemapi, all of it. */
#ifndef ONEMAPI_ONEMAPI_H
#define ONEMAPI_ONEMAPI_H

#include <onemapi/api.h>
#include <onemapi/status.h>
#include <onemapi/error.h>
#include <onemapi/explain.h>
#include <onemapi/prop.h>
#include <onemapi/profile.h>
#include <onemapi/map.h>
#include <onemapi/session.h>
#include <onemapi/trace.h>

#endif
