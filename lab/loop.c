/* SPDX-License-Identifier: MIT */
#include "lab/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

struct lab_loop {
    int epoll;
    bool stop;
    struct lab_timer *timers; /* by time; there are few: one or two a channel */

    /* What this round still has to call: whoever is forgotten meanwhile is taken out. */
    struct epoll_event batch[BATCH];
    int batch_at, batch_count;
};

uint64_t lab_loop_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct lab_loop *lab_loop_new(void)
{
    struct lab_loop *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        free(l);
        return NULL;
    }
    return l;
}

void lab_loop_free(struct lab_loop *l)
{
    if (!l)
        return;
    close(l->epoll);
    free(l);
}

bool lab_loop_watch(struct lab_loop *l, struct lab_watch *w, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = w};

    if (w->events && w->events == events)
        return true;
    w->events = events;
    if (!epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &ev))
        return true;
    return errno == ENOENT && !epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &ev);
}

void lab_loop_forget(struct lab_loop *l, struct lab_watch *w)
{
    int i;

    epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    w->events = 0;
    for (i = l->batch_at; i < l->batch_count; i++)
        if (l->batch[i].data.ptr == w)
            l->batch[i].data.ptr = NULL;
}

void lab_loop_arm(struct lab_loop *l, struct lab_timer *t, uint64_t after_ms)
{
    struct lab_timer **at;

    lab_loop_disarm(l, t);
    t->at = lab_loop_now() + after_ms;
    for (at = &l->timers; *at && (*at)->at <= t->at; at = &(*at)->next)
        ;
    t->next = *at;
    *at = t;
    t->armed = true;
}

void lab_loop_disarm(struct lab_loop *l, struct lab_timer *t)
{
    struct lab_timer **at;

    for (at = &l->timers; t->armed && *at; at = &(*at)->next) {
        if (*at == t) {
            *at = t->next;
            break;
        }
    }
    t->armed = false;
}

static void fire_due(struct lab_loop *l)
{
    uint64_t now = lab_loop_now();

    while (l->timers && l->timers->at <= now) {
        struct lab_timer *t = l->timers;

        lab_loop_disarm(l, t);
        t->fire(t);
    }
}

static int wait_ms(const struct lab_loop *l)
{
    uint64_t now = lab_loop_now();

    if (!l->timers)
        return -1;
    return l->timers->at <= now ? 0 : (int)(l->timers->at - now);
}

bool lab_loop_run(struct lab_loop *l)
{
    while (!l->stop) {
        l->batch_count = epoll_wait(l->epoll, l->batch, BATCH, wait_ms(l));
        if (l->batch_count < 0 && errno != EINTR)
            return false;
        for (l->batch_at = 0; l->batch_at < l->batch_count;) {
            struct epoll_event *ev = &l->batch[l->batch_at++];
            struct lab_watch *w = ev->data.ptr;

            if (w)
                w->ready(w, ev->events);
        }
        fire_due(l);
    }
    return true;
}

void lab_loop_stop(struct lab_loop *l)
{
    l->stop = true;
}
