/* SPDX-License-Identifier: MIT */
/*
 * Makes the Nth allocation, read or write of a logon fail, for N from 1 until a run passes without
 * reaching its Nth. Every run has to end with a mailbox's folders listed, or with an error that
 * says layer, cause and what was being done. Crashes and leaks are the sanitizers' to see.
 *
 *     fault_walk alloc|read|write PROFILE SECONDS [WHO]
 *
 * The lab's settings are taken from the environment, as the command takes them. When all N would
 * take longer than SECONDS, steps are left out, evenly from there on, and the last line says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <onemapi/onemapi.h>
#include <onemapi/session.h>

#include "base/mem.h"

#ifndef OM_FAULTS
#error "build with -Dfaults=true"
#endif

struct walk {
    enum om__fault_kind kind;
    const char *profile, *who;
    struct om_session_options options;
    unsigned long folders; /* of the last run */
    unsigned long failed,
        lived; /* runs that reached their fault: ended with an error, or without */
};

static bool count_folder(void *ctx, const struct om_folder *folder)
{
    struct walk *w = ctx;

    (void)folder;
    w->folders++;
    return true;
}

/* What `logon` and `folders` do, from the store on disk to the last row. */
static om_status scenario(struct walk *w, struct om_error *err)
{
    struct om_session *session = NULL;
    struct om_store *store = NULL;
    struct om_mailbox *mailbox;
    om_status st;

    w->folders = 0;
    st = om_store_open(getenv("ONEMAPI_HOME"), OM_STORE_READ, &store, err);
    if (!OM_FAILED(st))
        st = om_session_open(store, w->profile, &w->options, &session, err);
    if (!OM_FAILED(st) && w->who)
        st = om_session_open_mailbox(session, w->who, &mailbox, err);
    else if (!OM_FAILED(st))
        st = om_session_logon(session, &mailbox, err);
    if (!OM_FAILED(st))
        st = om_mailbox_folders(mailbox, count_folder, w, err);
    om_session_close(session);
    om_store_close(store);
    return st;
}

/* An error a person can do something with; of a failed allocation nothing but that. */
static bool clear_error(const struct walk *w, om_status st, const struct om_error *err)
{
    char text[1024];

    if (err->status == OM_OK || err->layer == OM_LAYER_NONE || err->cause == OM_CAUSE_NONE)
        return false;
    if (om_error_format(err, text, sizeof text) <= 0 || st != om_error_status(err))
        return false;
    return w->kind != OM_FAULT_ALLOC || err->status == MAPI_E_NOT_ENOUGH_MEMORY;
}

/* One run. *hit: was the Nth reached? False: it did not end as it should. */
static bool run(struct walk *w, unsigned long n, bool *hit)
{
    struct om_error err = OM_ERROR_INIT;
    char text[1024];
    om_status st;
    bool good;

    om__fault_arm(w->kind, n);
    st = scenario(w, &err);
    *hit = om__fault_hit();
    om__fault_arm(w->kind, 0);
    w->failed += *hit && OM_FAILED(st);
    w->lived += *hit && !OM_FAILED(st);
    good = OM_FAILED(st) ? *hit && clear_error(w, st, &err) : w->folders > 0;
    if (!good || getenv("FAULT_WALK_VERBOSE")) {
        om_error_format(&err, text, sizeof text);
        printf("%s %lu: status %08" PRIx32 ", %lu folders, fault %s: %s\n", good ? "run" : "BAD", n,
               (uint32_t)st, w->folders, *hit ? "reached" : "not reached", text);
    }
    return good;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * How far the next N is from this one. The first half of the time is for one after another; from
 * there on the distance grows slowly, so that the end is reached in whatever time there is.
 */
static unsigned long step(unsigned long n, double spent, double seconds)
{
    if (spent < seconds / 2)
        return 1;
    return 1 + n / (spent < seconds ? 64 : 16);
}

static int walk(struct walk *w, double seconds)
{
    unsigned long n = 1, left_out = 0, bad = 0;
    double start = now();
    bool hit = true;

    while (hit && bad < 20) {
        bad += !run(w, n, &hit);
        unsigned long far = step(n, now() - start, seconds);
        left_out += hit ? far - 1 : 0;
        n += far;
    }
    printf("%lu ended with an error, %lu went on, %lu bad", w->failed, w->lived, bad);
    if (left_out)
        printf(", %lu left out for time", left_out);
    putchar('\n');
    return bad || !w->failed;
}

static char *read_password(char *buf, size_t size)
{
    const char *path = getenv("ONEMAPI_PASSWORD_FILE");
    FILE *f = path ? fopen(path, "re") : NULL;

    if (!f || !fgets(buf, (int)size, f)) {
        fputs("fault_walk: no password in ONEMAPI_PASSWORD_FILE\n", stderr);
        exit(2);
    }
    fclose(f);
    buf[strcspn(buf, "\r\n")] = '\0';
    return buf;
}

int main(int argc, char **argv)
{
    static const char *const kinds[OM_FAULT_KINDS] = {"alloc", "read", "write"};
    struct walk w = {.kind = OM_FAULT_KINDS};
    const char *resolve[] = {getenv("ONEMAPI_RESOLVE"), NULL};
    char password[256];

    for (int k = 0; argc > 3 && k < OM_FAULT_KINDS; k++)
        if (!strcmp(argv[1], kinds[k]))
            w.kind = (enum om__fault_kind)k;
    if (w.kind == OM_FAULT_KINDS || !getenv("ONEMAPI_HOME") || !getenv("ONEMAPI_USER")) {
        fputs("usage: fault_walk alloc|read|write PROFILE SECONDS [WHO], with a lab's settings\n",
              stderr);
        return 2;
    }
    w.profile = argv[2];
    w.who = argv[4];
    w.options = (struct om_session_options){
        .rpc = {.user = getenv("ONEMAPI_USER"),
                .password = read_password(password, sizeof password)},
        .ca_file = getenv("ONEMAPI_CA_FILE"),
        .resolve = resolve,
        .timeout_ms = 10000,
    };
    return walk(&w, strtod(argv[3], NULL));
}
