/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/filetime.h"
#include "base/guid.h"
#include "lab/mailstore.h"
#include "lab/mime.h"

struct fixture {
    char dir[64];
    struct lab_org *org;
    struct lab_mailstore *store;
    struct om_arena a;
};

static struct fixture fx;

static void remove_file(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", fx.dir, name);
    unlink(path);
}

static int set_up(void **state)
{
    char why[256] = "";

    (void)state;
    memset(&fx, 0, sizeof fx);
    snprintf(fx.dir, sizeof fx.dir, "/tmp/onemapi-mailstore-XXXXXX");
    if (!mkdtemp(fx.dir))
        return -1;
    om__arena_init(&fx.a, 1u << 20);
    fx.org = lab_org_new(0);
    fx.store = lab_mailstore_open(fx.dir, NULL, why, sizeof why);
    if (!fx.store)
        fprintf(stderr, "%s\n", why);
    return fx.org && fx.store ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lab_mailstore_close(fx.store);
    lab_org_free(fx.org);
    om__arena_free(&fx.a);
    remove_file("mail.db");
    remove_file("mail.db-wal");
    remove_file("mail.db-shm");
    return rmdir(fx.dir);
}

static struct lab_mailbox mailbox_of(const char *alias)
{
    struct lab_mailbox box;

    assert_true(lab_mailstore_mailbox(fx.store, lab_org_by_alias(fx.org, alias), &box));
    return box;
}

static const struct lab_folder *folder_named(const struct lab_folder *f, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].name, name) == 0)
            return &f[i];
    fail_msg("no folder %s", name);
    return NULL;
}

static void test_mailbox_has_every_special_folder_and_ids_of_its_own(void **state)
{
    struct lab_mailbox alice = mailbox_of("alice"), bob = mailbox_of("bob"),
                       again = mailbox_of("alice");

    (void)state;
    assert_memory_equal(&alice, &again, sizeof alice);
    assert_false(om__guid_equal(&alice.guid, &alice.replica));
    for (int i = 0; i < LAB_SPECIAL_COUNT; i++) {
        assert_true(alice.special[i] != 0 && alice.special[i] < (uint64_t)1 << 48);
        for (int k = 0; k < LAB_SPECIAL_COUNT; k++) {
            assert_true(alice.special[i] != bob.special[k]);
            assert_true(i == k || alice.special[i] != alice.special[k]);
        }
    }
}

static void test_tree_lists_parents_before_children_and_true_counts(void **state)
{
    struct lab_mailbox box = mailbox_of("alice");
    const struct lab_folder *inbox, *archive;
    struct lab_folder *f;
    size_t n = 0;

    (void)state;
    assert_true(
        lab_mailstore_folders(fx.store, &box, box.special[LAB_IPM_SUBTREE], true, &fx.a, &f, &n));
    assert_int_equal(n, 17);
    for (size_t i = 1; i < n; i++) {
        assert_true(f[i].depth <= f[i - 1].depth + 1);
        if (f[i].depth > f[i - 1].depth)
            assert_int_equal(f[i].parent, f[i - 1].id);
    }
    inbox = folder_named(f, n, "Inbox");
    assert_int_equal(inbox->id, box.special[LAB_INBOX]);
    assert_int_equal(inbox->total, 12);
    assert_int_equal(inbox->unread, 5);
    assert_true(inbox->has_children);
    assert_string_equal(inbox->container_class, "IPF.Note");
    archive = folder_named(f, n, "Archive");
    assert_int_equal(archive->parent, inbox->id);
    assert_int_equal(archive->depth, 2);
    assert_int_equal(folder_named(f, n, "Übersicht")->unread, 1);
    assert_string_equal(folder_named(f, n, "Calendar")->container_class, "IPF.Appointment");
}

static void test_children_alone_without_depth(void **state)
{
    struct lab_mailbox box = mailbox_of("bob");
    struct lab_folder *f, one;
    bool found = false;
    size_t n = 0;

    (void)state;
    assert_true(
        lab_mailstore_folders(fx.store, &box, box.special[LAB_IPM_SUBTREE], false, &fx.a, &f, &n));
    assert_int_equal(n, 12);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f[i].parent, box.special[LAB_IPM_SUBTREE]);
    assert_true(lab_mailstore_folder(fx.store, &box, box.special[LAB_INBOX], &fx.a, &one, &found));
    assert_true(found);
    assert_string_equal(one.name, "Inbox");
    assert_true(lab_mailstore_folder(fx.store, &box, mailbox_of("alice").special[LAB_INBOX], &fx.a,
                                     &one, &found));
    assert_false(found);
}

static void test_messages_come_newest_first_with_their_headers(void **state)
{
    struct lab_mailbox box = mailbox_of("alice");
    struct lab_message *m;
    unsigned unread = 0;
    size_t n = 0;

    (void)state;
    assert_true(lab_mailstore_messages(fx.store, &box, box.special[LAB_INBOX], &fx.a, &m, &n));
    assert_int_equal(n, 12);
    for (size_t i = 0; i < n; i++) {
        assert_true(!i || m[i - 1].delivered >= m[i].delivered);
        unread += !m[i].read;
    }
    assert_int_equal(unread, 5);
    assert_string_equal(m[3].subject, "会議の件");
    assert_string_equal(m[3].sender_name, "山田 太郎");
    assert_string_equal(m[3].sender_smtp, "taro@contoso.test");
    assert_int_equal(m[3].delivered - m[3].submitted, 60 * 10000000ull);
}

static void test_arena_ceiling_stops_a_listing(void **state)
{
    struct lab_mailbox box = mailbox_of("alice");
    struct lab_message *m;
    struct om_arena small;
    size_t n = 0;

    (void)state;
    om__arena_init(&small, 64);
    assert_false(lab_mailstore_messages(fx.store, &box, box.special[LAB_INBOX], &small, &m, &n));
    om__arena_free(&small);
}

static void test_store_is_private_and_outlives_the_lab(void **state)
{
    struct lab_mailbox before = mailbox_of("erin"), after;
    char path[128], why[256] = "";
    struct stat st;

    (void)state;
    snprintf(path, sizeof path, "%s/mail.db", fx.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    lab_mailstore_close(fx.store);
    fx.store = lab_mailstore_open(fx.dir, NULL, why, sizeof why);
    assert_non_null(fx.store);
    after = mailbox_of("erin");
    assert_memory_equal(&before, &after, sizeof before);
}

static void write_mail(const char *folder, const char *name, const char *text)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_store_is_filled_from_a_folder_of_messages(void **state)
{
    char mail[64] = "/tmp/onemapi-mail-XXXXXX", cmd[200], why[256] = "";
    struct lab_mailbox box;
    struct lab_message *m;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(mail));
    write_mail(
        mail, "a.eml",
        "From: =?iso-8859-1?Q?J=F8rn?= <j@x.test>\r\nSubject: =?utf-8?B?w6TDtg==?=\r\n\r\nx\r\n");
    write_mail(mail, "b.EML", "Subject: second\r\nDate: Tue, 5 Mar 2013 10:00:00 +0100\r\n\r\n");
    write_mail(mail, "c.txt", "Subject: not a message by its name\r\n\r\n");
    lab_mailstore_close(fx.store);
    remove_file("mail.db");
    fx.store = lab_mailstore_open(fx.dir, mail, why, sizeof why);
    assert_non_null(fx.store);
    box = mailbox_of("alice");
    assert_true(lab_mailstore_messages(fx.store, &box, box.special[LAB_INBOX], &fx.a, &m, &n));
    assert_int_equal(n, 2);
    assert_string_equal(m[0].subject, "second");
    assert_int_equal(m[0].submitted, om__filetime_from_unix(1362474000, 0));
    assert_string_equal(m[1].subject, "äö");
    assert_string_equal(m[1].sender_name, "Jørn");
    snprintf(cmd, sizeof cmd, "rm -r %s", mail);
    assert_int_equal(system(cmd), 0);
}

static void test_missing_folder_of_messages_is_said(void **state)
{
    char why[256] = "";

    (void)state;
    assert_null(lab_mailstore_open(fx.dir, "/nonexistent/mail", why, sizeof why));
    assert_non_null(strstr(why, "/nonexistent/mail"));
}

static void test_damaged_store_is_said(void **state)
{
    char why[256] = "";

    (void)state;
    lab_mailstore_close(fx.store);
    write_mail(fx.dir, "mail.db",
               "this is no database, whatever its name says, and long enough to be seen");
    fx.store = lab_mailstore_open(fx.dir, NULL, why, sizeof why);
    assert_null(fx.store);
    assert_non_null(strstr(why, "mail.db"));
}

static void test_mime_reads_attachments_and_survives_nonsense(void **state)
{
    static const char with[] =
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\ntext\r\n--b\r\nContent-Disposition: attachment; "
        "filename=a\r\n\r\nz\r\n--b--\r\n";
    static const char bad[] = "From: \xFF\xFE<>\r\nSubject: =?x?Q?=FF\r\n\xFF\xFF";
    struct lab_mime m;

    (void)state;
    lab_mime_start();
    assert_true(lab_mime_read(with, sizeof with - 1, &m));
    assert_true(m.has_attachments);
    lab_mime_free(&m);
    if (lab_mime_read(bad, sizeof bad - 1, &m)) {
        assert_false(m.has_attachments);
        lab_mime_free(&m);
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_mailbox_has_every_special_folder_and_ids_of_its_own),
        TEST(test_tree_lists_parents_before_children_and_true_counts),
        TEST(test_children_alone_without_depth),
        TEST(test_messages_come_newest_first_with_their_headers),
        TEST(test_arena_ceiling_stops_a_listing),
        TEST(test_store_is_private_and_outlives_the_lab),
        TEST(test_store_is_filled_from_a_folder_of_messages),
        TEST(test_missing_folder_of_messages_is_said),
        TEST(test_damaged_store_is_said),
        TEST(test_mime_reads_attachments_and_survives_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
