/* SPDX-License-Identifier: MIT */
/* What the captures' own client printed of them, against what we read there. */
#ifndef OM_TESTS_CAPTURED_H
#define OM_TESTS_CAPTURED_H

#include "support/codec_check.h"

#include "codec/nspi.h"

/* Asserts that the rows say what golden/nspi/gal.txt says, value by value, and no more. */
void om_assert_captured_gal(const struct om__nspi_rows *rows);

/*
 * Asserts that the rows of a hierarchy table say what golden/emsmdb/folders.txt says:
 * PidTagFolderId, PR_CONTENT_COUNT, PR_CONTENT_UNREAD, PR_CONTAINER_CLASS_W, PR_DISPLAY_NAME_W.
 */
void om_assert_captured_folders(const struct om_proprow *rows, size_t count);

#endif
