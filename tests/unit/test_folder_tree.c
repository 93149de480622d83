/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <string.h>

#include "session/folder_tree.h"

static void add(struct om__folder_tree *t, uint64_t id, uint64_t parent, const char *name)
{
    const struct om_folder f = {.id = id, .parent_id = parent, .name = name, .container_class = ""};
    struct om_error err = OM_ERROR_INIT;

    assert_int_equal(om__folder_tree_add(t, &f, &err), OM_OK);
}

static bool collect(void *ctx, const struct om_folder *f)
{
    char *text = ctx;
    size_t n = strlen(text);

    snprintf(text + n, 512 - n, "%u%s ", f->depth, f->path);
    return true;
}

static bool count(void *ctx, const struct om_folder *f)
{
    (void)f;
    ++*(int *)ctx;
    return true;
}

static bool stop_at_second(void *ctx, const struct om_folder *f)
{
    (void)f;
    return ++*(int *)ctx < 2;
}

static void test_parents_come_first_whatever_the_order(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    char text[512] = "";

    (void)state;
    om__folder_tree_init(&t);
    add(&t, 5, 3, "deep");
    add(&t, 3, 2, "b/\\c");
    add(&t, 2, 1, "Inbox");
    add(&t, 9, 1, "Outbox");
    add(&t, 4, 2, "a");
    assert_int_equal(om__folder_tree_walk(&t, collect, text, &err), OM_OK);
    assert_string_equal(text,
                        "1/Inbox 2/Inbox/b\\/\\\\c 3/Inbox/b\\/\\\\c/deep 2/Inbox/a 1/Outbox ");
    om__folder_tree_free(&t);
}

static void test_a_tree_below_itself_is_an_error(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    char text[512] = "";

    (void)state;
    om__folder_tree_init(&t);
    add(&t, 2, 1, "good");
    add(&t, 3, 4, "x");
    add(&t, 4, 3, "y");
    add(&t, 7, 7, "self");
    assert_int_equal(om__folder_tree_walk(&t, collect, text, &err), MAPI_E_CORRUPT_DATA);
    assert_string_equal(text, "1/good ");
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    om__folder_tree_free(&t);
}

static void test_two_folders_of_one_id_are_both_given(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    char text[512] = "";

    (void)state;
    om__folder_tree_init(&t);
    add(&t, 2, 1, "one");
    add(&t, 2, 1, "two");
    assert_int_equal(om__folder_tree_walk(&t, collect, text, &err), OM_OK);
    assert_string_equal(text, "1/one 1/two ");
    om__folder_tree_free(&t);
}

static void test_a_tree_too_deep_is_refused_where_it_gets_so(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    int seen = 0;

    (void)state;
    om__folder_tree_init(&t);
    for (uint64_t i = 1; i <= 100000; i++)
        add(&t, i, i - 1, "d");
    assert_int_equal(om__folder_tree_walk(&t, count, &seen, &err), MAPI_E_TOO_COMPLEX);
    assert_int_equal(err.cause, OM_CAUSE_TOO_LARGE);
    assert_int_equal(seen, 512);
    om__folder_tree_free(&t);
}

static void test_a_listener_can_stop_early(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    int seen = 0;

    (void)state;
    om__folder_tree_init(&t);
    add(&t, 2, 1, "a");
    add(&t, 3, 2, "b");
    add(&t, 4, 2, "c");
    assert_int_equal(om__folder_tree_walk(&t, stop_at_second, &seen, &err), OM_OK);
    assert_int_equal(seen, 2);
    om__folder_tree_free(&t);
}

static void test_no_folders_is_no_error(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__folder_tree t;
    char text[512] = "";

    (void)state;
    om__folder_tree_init(&t);
    assert_int_equal(om__folder_tree_walk(&t, collect, text, &err), OM_OK);
    assert_string_equal(text, "");
    om__folder_tree_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents_come_first_whatever_the_order),
        cmocka_unit_test(test_a_tree_below_itself_is_an_error),
        cmocka_unit_test(test_two_folders_of_one_id_are_both_given),
        cmocka_unit_test(test_a_tree_too_deep_is_refused_where_it_gets_so),
        cmocka_unit_test(test_a_listener_can_stop_early),
        cmocka_unit_test(test_no_folders_is_no_error),
    };

    return cmocka_run_group_tests_name("folder_tree", tests, NULL, NULL);
}
