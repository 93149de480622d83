/* SPDX-License-Identifier: MIT */
/*
 * A SQLite VFS around the system's, as the default one: it counts what changes a file, and at the
 * Nth such step kills the process, or fails as a full disk or a broken one does. A write that is
 * killed has put half of its bytes.
 */
#ifndef OM_TESTS_TRIPWIRE_H
#define OM_TESTS_TRIPWIRE_H

#include <stdbool.h>

enum tripwire { TRIP_NEVER, TRIP_KILL, TRIP_FULL, TRIP_IOERR };

void tripwire_install(void);
void tripwire_arm(enum tripwire what, unsigned long nth); /* counts from 1; trips from there on */
bool tripwire_tripped(void);                              /* since it was armed */

#endif
