/* SPDX-License-Identifier: MIT */
/* What stands in DIR, and the line that says the lab is ready. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "lab/personality.h"
#include "lab/serve.h"

#define PATH_SIZE     4096
#define PASSWORD_SIZE 256

/* The ports of enum lab_slot that clients ask for by number. */
static const uint16_t well_known[] = {
    [LAB_SLOT_HTTPS] = 443, [LAB_SLOT_HTTP] = 80, [LAB_SLOT_EPM] = 135};

static bool failed(char *why, size_t size, const char *path)
{
    snprintf(why, size, "%s: %s", path, strerror(errno));
    return false;
}

static bool make_dir(const char *path, char *why, size_t size)
{
    struct stat st;

    if (!mkdir(path, 0700) || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode)))
        return true;
    return failed(why, size, path);
}

static bool path_of(char path[PATH_SIZE], const char *dir, const char *name, char *why, size_t size)
{
    int n = snprintf(path, PATH_SIZE, "%s/%s", dir, name);

    if (n > 0 && n < PATH_SIZE)
        return true;
    errno = ENAMETOOLONG;
    return failed(why, size, dir);
}

bool lab_setup_dir(const char *dir, char *why, size_t size)
{
    static const char *const inside[] = {"passwords", "home"};
    char path[PATH_SIZE];
    size_t i;

    if (!make_dir(dir, why, size))
        return false;
    for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (!path_of(path, dir, inside[i], why, size) || !make_dir(path, why, size))
            return false;
    return true;
}

int lab_setup_lock(const char *dir, char *why, size_t size)
{
    char path[PATH_SIZE];
    int fd;

    if (!path_of(path, dir, "lock", why, size))
        return -1;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
        return fd;
    if (fd >= 0 && errno == EWOULDBLOCK)
        snprintf(why, size, "%s: another lab runs in this folder; end it, or use another --dir",
                 dir);
    else
        failed(why, size, path);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- passwords ---- */

/* The first line of a file; false with errno ENOENT when there is none. */
static bool read_line(const char *path, char line[PASSWORD_SIZE])
{
    FILE *f = fopen(path, "re");
    char *got;

    if (!f)
        return false;
    got = fgets(line, PASSWORD_SIZE, f);
    fclose(f);
    errno = EINVAL;
    if (!got)
        return false;
    line[strcspn(line, "\r\n")] = 0;
    return *line;
}

static bool write_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool ok;

    if (!f) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    ok = fprintf(f, "%s\n", line) > 0;
    return !fclose(f) && ok;
}

static bool one_password(const char *path, struct lab_user *user)
{
    char line[PASSWORD_SIZE], *copy;

    if (read_line(path, line)) {
        copy = strdup(line);
        om__wipe(line, sizeof(line));
        if (!copy)
            return false;
        om__wipe(user->password, strlen(user->password));
        free(user->password);
        user->password = copy;
        return true;
    }
    return errno == ENOENT && write_line(path, user->password);
}

bool lab_setup_passwords(const char *dir, struct lab_org *org, char *why, size_t size)
{
    char path[PATH_SIZE], name[PATH_SIZE / 2];
    size_t i;

    for (i = 0; i < org->user_count; i++) {
        if (!org->users[i].password)
            continue;
        snprintf(name, sizeof(name), "passwords/%s", org->users[i].alias);
        if (!path_of(path, dir, name, why, size))
            return false;
        if (!one_password(path, &org->users[i]))
            return failed(why, size, path);
    }
    return true;
}

/* ---- env ---- */

/* export NAME='VALUE', with single quotes as the shell wants them */
static void put_export(FILE *f, const char *name, const char *value)
{
    fprintf(f, "export %s='", name);
    for (; *value; value++) {
        if (*value == '\'')
            fputs("'\\''", f);
        else
            fputc(*value, f);
    }
    fputs("'\n", f);
}

static void put_path(FILE *f, const char *name, const char *dir, const char *file)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    put_export(f, name, path);
}

/* HOST:443:ADDRESS:PORT and so on; last the host alone, for the ports an endpoint mapper names. */
static void put_host(FILE *f, const struct lab_host *h, const char *name)
{
    struct in_addr a = {.s_addr = htonl(h->address)};
    char text[INET_ADDRSTRLEN];
    size_t i;

    inet_ntop(AF_INET, &a, text, sizeof(text));
    for (i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
        if (h->ports[i])
            fprintf(f, "%s:%u:%s:%u ", name, well_known[i], text, h->ports[i]);
    fprintf(f, "%s:%s ", name, text);
}

static void put_resolve(FILE *f, const struct lab_host *hosts, size_t count)
{
    size_t i;

    fputs("export ONEMAPI_RESOLVE='", f);
    for (i = 0; i < count; i++) {
        put_host(f, &hosts[i], hosts[i].server->host);
        if (hosts[i].personality->proxy)
            put_host(f, &hosts[i], hosts[i].personality->proxy);
    }
    fputs("'\n", f);
}

bool lab_setup_env(const char *dir, const struct lab_org *org, const struct lab_host *hosts,
                   size_t count, char *why, size_t size)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice");
    char path[PATH_SIZE];
    FILE *f;

    if (!path_of(path, dir, "env", why, size))
        return false;
    f = fopen(path, "we");
    if (!f)
        return failed(why, size, path);
    put_path(f, "ONEMAPI_HOME", dir, "home");
    put_resolve(f, hosts, count);
    put_path(f, "ONEMAPI_CA_FILE", dir, "ca.pem");
    put_export(f, "ONEMAPI_USER", LAB_NETBIOS "\\alice");
    put_path(f, "ONEMAPI_PASSWORD_FILE", dir, "passwords/alice");
    if (alice) /* no setting of onemapi's: what PR_PROFILE_UNRESOLVED_SERVER is set to */
        put_export(f, "ONEMAPI_LAB_SERVER", alice->server_id);
    return !fclose(f) || failed(why, size, path);
}

/* ---- the ready line ---- */

static json_t *server_json(const struct lab_server *s)
{
    const struct lab_personality *p = lab_personality(s->age);
    json_t *transports = json_array();
    char version[32];

    snprintf(version, sizeof(version), "%u.%u.%u.%u", s->version[0], s->version[1], s->version[2],
             s->version[3]);
    if (p->rpc_http)
        json_array_append_new(transports, json_string("ncacn_http"));
    if (p->rpc_tcp)
        json_array_append_new(transports, json_string("ncacn_ip_tcp"));
    return json_pack("{s:s, s:s, s:s, s:i, s:o, s:s?}", "name", s->name, "host", s->host, "version",
                     version, "age", (int)s->age, "transports", transports, "rpc_proxy", p->proxy);
}

static json_t *user_json(const char *dir, const struct lab_user *u)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/passwords/%s", dir, u->alias);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s, s:b, s:s}", "alias", u->alias, "smtp",
                     u->smtp, "upn", u->smtp, "server", u->server ? u->server->name : NULL,
                     "server_id", u->server_id, "personalized_id",
                     u->server && u->server->personalized ? u->server_id : NULL, "legacy_dn",
                     u->legacy_dn, "hidden", u->hidden, "password_file", path);
}

bool lab_setup_ready(const char *dir, const struct lab_org *org)
{
    json_t *servers = json_array(), *users = json_array(), *all;
    bool ok;
    size_t i;

    for (i = 0; i < org->server_count; i++)
        json_array_append_new(servers, server_json(&org->servers[i]));
    for (i = 0; i < org->user_count; i++)
        if (org->users[i].password)
            json_array_append_new(users, user_json(dir, &org->users[i]));
    all = json_pack("{s:s, s:o, s:o}", "domain", LAB_DOMAIN, "servers", servers, "users", users);
    ok = all && !json_dumpf(all, stdout, JSON_COMPACT) && fputc('\n', stdout) != EOF &&
         !fflush(stdout);
    json_decref(all);
    return ok;
}
