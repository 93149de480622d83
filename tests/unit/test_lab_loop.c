/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lab/loop.h"

static struct lab_loop *loop;
static char said[16]; /* what fired, in order */

static int set_up(void **state)
{
    (void)state;
    memset(said, 0, sizeof(said));
    loop = lab_loop_new();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lab_loop_free(loop);
    return 0;
}

struct named {
    struct lab_timer timer;
    char name;
};

static void say(struct lab_timer *t)
{
    said[strlen(said)] = ((struct named *)t)->name;
}

static void stop(struct lab_timer *t)
{
    (void)t;
    lab_loop_stop(loop);
}

static void test_loop_fires_timers_by_time_and_only_those_armed(void **state)
{
    struct named a = {{.fire = say}, 'a'}, b = {{.fire = say}, 'b'}, c = {{.fire = say}, 'c'};
    struct named d = {{.fire = say}, 'd'};
    struct lab_timer end = {.fire = stop};

    (void)state;
    lab_loop_arm(loop, &a.timer, 20);
    lab_loop_arm(loop, &b.timer, 1);
    lab_loop_arm(loop, &c.timer, 1);
    lab_loop_arm(loop, &d.timer, 1);
    lab_loop_arm(loop, &end, 60);
    lab_loop_arm(loop, &b.timer, 40); /* moved behind a */
    lab_loop_disarm(loop, &d.timer);
    lab_loop_disarm(loop, &d.timer);
    assert_true(lab_loop_run(loop));
    assert_string_equal(said, "cab");
    assert_false(a.timer.armed);
}

/* Two pipes are readable in one round; whichever is called first takes the other away. */
static struct lab_watch pipes[2];
static int calls;

static void take_the_other(struct lab_watch *w, uint32_t events)
{
    struct lab_watch *other = &pipes[w == &pipes[0]];
    char c;

    assert_true(events & EPOLLIN);
    assert_int_equal(read(w->fd, &c, 1), 1);
    calls++;
    lab_loop_forget(loop, other);
}

static void test_loop_does_not_call_who_was_forgotten_in_the_same_round(void **state)
{
    struct lab_timer end = {.fire = stop};
    int ends[2][2];
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(pipe(ends[i]), 0);
        pipes[i] = (struct lab_watch){.fd = ends[i][0], .ready = take_the_other};
        assert_true(lab_loop_watch(loop, &pipes[i], EPOLLIN));
        assert_int_equal(write(ends[i][1], "x", 1), 1);
    }
    lab_loop_arm(loop, &end, 30);
    assert_true(lab_loop_run(loop));
    assert_int_equal(calls, 1);
    for (i = 0; i < 2; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_loop_fires_timers_by_time_and_only_those_armed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_loop_does_not_call_who_was_forgotten_in_the_same_round,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
