/* SPDX-License-Identifier: MIT */
#include "lab/mime.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

void lab_mime_start(void)
{
    g_mime_init();
}

/* GMime hands out NULL for what is not there and, from broken headers, what is no UTF-8. */
static char *text(const char *s)
{
    char *valid = g_utf8_make_valid(s ? s : "", -1);
    char *out = strdup(valid);

    g_free(valid);
    return out;
}

static void read_sender(GMimeMessage *message, struct lab_mime *out)
{
    InternetAddressList *from = g_mime_message_get_from(message);
    InternetAddress *first = from && internet_address_list_length(from) > 0
                                 ? internet_address_list_get_address(from, 0)
                                 : NULL;
    const char *name = first ? internet_address_get_name(first) : NULL, *address = NULL;

    if (first && INTERNET_ADDRESS_IS_MAILBOX(first))
        address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
    out->sender_smtp = text(address);
    out->sender_name = text(name && *name ? name : address);
}

static void look_for_attachment(GMimeObject *parent, GMimeObject *part, gpointer found)
{
    GMimeContentDisposition *d = g_mime_object_get_content_disposition(part);

    (void)parent;
    if (d && g_mime_content_disposition_is_attachment(d))
        *(bool *)found = true;
}

bool lab_mime_read(const void *bytes, size_t n, struct lab_mime *out)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, n);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    char *to;

    memset(out, 0, sizeof *out);
    g_object_unref(parser);
    g_object_unref(stream);
    if (!message)
        return false;
    to = internet_address_list_to_string(g_mime_message_get_to(message), NULL, FALSE);
    out->recipients = text(to);
    g_free(to);
    out->subject = text(g_mime_message_get_subject(message));
    read_sender(message, out);
    if (g_mime_message_get_date(message))
        out->date = g_date_time_to_unix(g_mime_message_get_date(message));
    g_mime_message_foreach(message, look_for_attachment, &out->has_attachments);
    g_object_unref(message);
    if (out->subject && out->sender_name && out->sender_smtp && out->recipients)
        return true;
    lab_mime_free(out);
    return false;
}

void lab_mime_free(struct lab_mime *m)
{
    free(m->subject);
    free(m->sender_name);
    free(m->sender_smtp);
    free(m->recipients);
    memset(m, 0, sizeof *m);
}
