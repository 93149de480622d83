/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <string.h>

#include "base/fifo.h"

static void test_fifo_gives_bytes_back_in_order_however_they_are_cut(void **state)
{
    struct om_fifo f;
    uint8_t in = 0, out = 0, piece[97];

    (void)state;
    om__fifo_init(&f, 10000);
    for (unsigned round = 0; round < 3000; round++) {
        size_t put = round * 7 % sizeof piece, take = round * 11 % 90;

        for (size_t i = 0; i < put; i++)
            piece[i] = in++;
        assert_true(om__fifo_put(&f, piece, put));
        if (take > om__fifo_size(&f))
            take = om__fifo_size(&f);
        for (size_t i = 0; i < take; i++)
            assert_int_equal(om__fifo_data(&f)[i], out++);
        om__fifo_drop(&f, take);
        if (om__fifo_size(&f) > 5000) {
            out = (uint8_t)(out + om__fifo_size(&f));
            om__fifo_drop(&f, SIZE_MAX);
            assert_null(om__fifo_data(&f));
        }
    }
    om__fifo_free(&f);
}

static void test_fifo_refuses_what_is_over_its_ceiling(void **state)
{
    struct om_fifo f;
    uint8_t piece[60] = {0};

    (void)state;
    om__fifo_init(&f, 100);
    assert_true(om__fifo_put(&f, piece, 60));
    assert_false(om__fifo_fits(&f, 41));
    assert_false(om__fifo_put(&f, piece, 41));
    assert_int_equal(om__fifo_size(&f), 60);
    assert_true(om__fifo_put(&f, piece, 40));
    om__fifo_drop(&f, 99);
    assert_true(om__fifo_put(&f, piece, 60));
    assert_int_equal(om__fifo_size(&f), 61);
    om__fifo_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifo_gives_bytes_back_in_order_however_they_are_cut),
        cmocka_unit_test(test_fifo_refuses_what_is_over_its_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
