/* SPDX-License-Identifier: MIT */
/* One thread, one epoll: file descriptors, timers and things to do next. */
#ifndef LAB_LOOP_H
#define LAB_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct lab_loop;

/* Something that is polled. Embedded in its owner, who must lab_loop_forget() it before it dies. */
struct lab_watch {
    int fd;
    void (*ready)(struct lab_watch *w, uint32_t events); /* EPOLL* */
    uint32_t events;
};

/* Something that happens later. Embedded likewise; set again from its own call if it repeats. */
struct lab_timer {
    void (*fire)(struct lab_timer *t);
    uint64_t at; /* milliseconds of lab_loop_now() */
    bool armed;
    struct lab_timer *next;
};

struct lab_loop *lab_loop_new(void);
void lab_loop_free(struct lab_loop *l);

/* Milliseconds of a clock that never jumps. */
uint64_t lab_loop_now(void);

/* Watches w->fd for `events`; 0 stops watching for anything but an error. False: errno says why. */
bool lab_loop_watch(struct lab_loop *l, struct lab_watch *w, uint32_t events);
void lab_loop_forget(struct lab_loop *l,
                     struct lab_watch *w); /* harmless when it was never watched */

void lab_loop_arm(struct lab_loop *l, struct lab_timer *t, uint64_t after_ms); /* again: moves it */
void lab_loop_disarm(struct lab_loop *l, struct lab_timer *t);

/* Runs until lab_loop_stop(). False: epoll itself failed. */
bool lab_loop_run(struct lab_loop *l);
void lab_loop_stop(struct lab_loop *l);

#endif
