/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_session PROFILE [WHO], with a lab's settings in the environment.
 *
 * Logs on, lists the folders, closes. Prints round trips and milliseconds, from opening the session
 * to the last folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <onemapi/onemapi.h>

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value)
        return value;
    fprintf(stderr, "bench_session: %s is not set\n", name);
    exit(2);
}

static char *first_line(const char *path, char *buf, size_t size)
{
    FILE *f = fopen(path, "re");

    if (!f || !fgets(buf, (int)size, f)) {
        perror(path);
        exit(2);
    }
    fclose(f);
    buf[strcspn(buf, "\n")] = '\0';
    return buf;
}

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool count(void *ctx, const struct om_folder *folder)
{
    unsigned *folders = ctx;

    (void)folder;
    ++*folders;
    return true;
}

int main(int argc, char **argv)
{
    const char *resolve[] = {setting("ONEMAPI_RESOLVE"), NULL};
    struct om_error err = OM_ERROR_INIT;
    struct om_session *session = NULL;
    struct om_store *store = NULL;
    struct om_mailbox *mailbox;
    unsigned folders = 0;
    char password[256], text[1024];
    struct om_session_options options = {
        .rpc = {.user = setting("ONEMAPI_USER"),
                .password =
                    first_line(setting("ONEMAPI_PASSWORD_FILE"), password, sizeof password)},
        .ca_file = setting("ONEMAPI_CA_FILE"),
        .resolve = resolve,
    };
    double start = now_ms();

    if (argc < 2)
        return 2;
    if (OM_FAILED(om_store_open(setting("ONEMAPI_HOME"), OM_STORE_READ, &store, &err)) ||
        OM_FAILED(om_session_open(store, argv[1], &options, &session, &err)) ||
        OM_FAILED(argc > 2 ? om_session_open_mailbox(session, argv[2], &mailbox, &err)
                           : om_session_logon(session, &mailbox, &err)) ||
        OM_FAILED(om_mailbox_folders(mailbox, count, &folders, &err))) {
        om_error_format(&err, text, sizeof text);
        fprintf(stderr, "bench_session: %s\n", text);
        return 1;
    }
    printf("%u %.1f\n", om_mailbox_info(mailbox)->connection.round_trips, now_ms() - start);
    om_session_close(session);
    om_store_close(store);
    return folders ? 0 : 1;
}
