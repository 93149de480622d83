/* SPDX-License-Identifier: MIT */
#include "support/captured.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "codec/props.h"
#include "codec/proptext.h"

#define PR_DISPLAY_NAME_W    0x3001001Fu
#define PR_CONTENT_COUNT     0x36020003u
#define PR_CONTENT_UNREAD    0x36030003u
#define PR_CONTAINER_CLASS_W 0x3613001Fu
#define PID_TAG_FOLDER_ID    0x67480014u

/* A value as the other client shows it: bytes by what they mean. */
static void format_value(const struct om_propval *val, char *buf, size_t size)
{
    struct om__nspi_entryid id;
    struct om_guid guid;
    struct om_rd r;

    om_rd_init(&r, val->v.bin.pb, OM_PROP_TYPE(val->tag) == PT_BINARY ? val->v.bin.cb : 0);
    switch (val->tag) {
    case 0x0FFF0102: /* PR_ENTRYID */
    case 0x0FF90102: /* PR_RECORD_KEY */
    case 0x3A120102: /* PR_ORIGINAL_ENTRYID */
    case 0x39020102: /* PR_TEMPLATEID */
        om__nspi_rd_entryid(&r, &id);
        assert_true(om_rd_ok(&r));
        assert_false(id.ephemeral);
        snprintf(buf, size, "%s", id.dn);
        break;
    case 0x300B0102: /* PR_SEARCH_KEY */
        snprintf(buf, size, "%s", om_rd_asciiz(&r, NULL, "search key"));
        break;
    case 0x0FF60102: /* PR_INSTANCE_KEY */
        snprintf(buf, size, "%u", om_rd_u32(&r, "instance key"));
        break;
    case 0x0FF80102: /* PR_MAPPING_SIGNATURE */
    case 0x8C6D0102: /* PR_EMS_AB_OBJECT_GUID */
        guid = om_rd_guid(&r, "guid");
        assert_true(size >= OM_GUID_TEXT);
        om__guid_format(&guid, buf);
        break;
    default:
        assert_true(om_propval_format(val, buf, size) >= 0);
    }
}

/* How many values of a row are there. */
static size_t values_of(const struct om_proprow *row)
{
    size_t n = 0;

    for (uint32_t i = 0; i < row->count; i++)
        n += OM_PROP_TYPE(row->vals[i].tag) != PT_ERROR;
    return n;
}

void om_assert_captured_gal(const struct om__nspi_rows *rows)
{
    size_t n, row = 0, found = 0;
    char *text = (char *)om_test_file("golden/nspi/gal.txt", &n), *save, value[512];

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const struct om_propval *val;

        assert_true(row < rows->count);
        if (strcmp(line, "---") == 0) {
            assert_int_equal(found, values_of(&rows->rows[row]));
            found = 0;
            row++;
            continue;
        }
        val = om__proprow_find(&rows->rows[row], (om_proptag)strtoul(line, NULL, 16));
        assert_non_null(val);
        format_value(val, value, sizeof value);
        assert_string_equal(value, line + 9);
        found++;
    }
    assert_int_equal(row, rows->count);
    free(text);
}

static void format_folder(const struct om_proprow *row, char *out, size_t size)
{
    uint64_t id = (uint64_t)om__proprow_int(row, PID_TAG_FOLDER_ID, 0);
    size_t n = 0;

    for (unsigned i = 0; i < 8; i++, id >>= 8)
        n += (size_t)snprintf(out + n, size - n, "%02x", (unsigned)(id & 0xFF));
    snprintf(
        out + n, size - n, "\t%d\t%d\t%s\t%s\n", (int)om__proprow_int(row, PR_CONTENT_COUNT, -1),
        (int)om__proprow_int(row, PR_CONTENT_UNREAD, -1),
        om__proprow_string(row, PR_CONTAINER_CLASS_W), om__proprow_string(row, PR_DISPLAY_NAME_W));
}

void om_assert_captured_folders(const struct om_proprow *rows, size_t count)
{
    char text[4096] = "";
    size_t n;
    uint8_t *want = om_test_file("golden/emsmdb/folders.txt", &n);

    for (size_t i = 0; i < count; i++)
        format_folder(&rows[i], text + strlen(text), sizeof text - strlen(text));
    assert_string_equal(text, (const char *)want);
    free(want);
}
