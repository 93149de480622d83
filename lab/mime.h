/* SPDX-License-Identifier: MIT */
/* What the lab wants to know of a message in MIME. GMime reads it; nothing of it is parsed here. */
#ifndef OM_LAB_MIME_H
#define OM_LAB_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_mime {
    char *subject, *sender_name, *sender_smtp, *recipients; /* UTF-8, never NULL; maybe empty */
    int64_t date; /* seconds since 1970; 0 when it has none */
    bool has_attachments;
};

/* Before the first lab_mime_read(). GMime cannot be started again once it was stopped, so it never
 * is. */
void lab_mime_start(void);

/* False when this is no message. lab_mime_free() the result. */
bool lab_mime_read(const void *bytes, size_t n, struct lab_mime *out);
void lab_mime_free(struct lab_mime *m);

#endif
