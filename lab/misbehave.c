/* SPDX-License-Identifier: MIT */
#include "lab/misbehave.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct kind {
    const char *name, *arg, *text;
};

#define KIND(id, name, arg, text) {name, arg, text},
static const struct kind kinds[] = {LAB_MISBEHAVE_LIST(KIND)};
#undef KIND

static const struct kind *find(const char *name, size_t n)
{
    size_t i;

    for (i = 0; i < LAB_MIS_COUNT_; i++)
        if (strlen(kinds[i].name) == n && !memcmp(kinds[i].name, name, n))
            return &kinds[i];
    return NULL;
}

static bool number(const char *text, int base, uint32_t *out)
{
    unsigned long v;
    char *end;

    errno = 0;
    v = strtoul(text, &end, base);
    if (end == text || *end || errno || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

/* ex2013, 6004, ex2013:6004 */
static bool take_where(struct lab_fault_rule *r, const char *where)
{
    const char *colon = strchr(where, ':');
    size_t n = colon ? (size_t)(colon - where) : strlen(where);
    uint32_t port = 0;

    if (!colon && number(where, 10, &port)) {
        r->port = (uint16_t)port;
        return port && port <= UINT16_MAX;
    }
    if (!n || n >= sizeof(r->server))
        return false;
    memcpy(r->server, where, n);
    if (!colon)
        return true;
    if (!number(colon + 1, 10, &port) || !port || port > UINT16_MAX)
        return false;
    r->port = (uint16_t)port;
    return true;
}

static bool take_arg(struct lab_fault_rule *r, const struct kind *k, const char *arg, size_t n)
{
    bool hex = !strcmp(k->arg, "HEX"), text = !strcmp(k->arg, "TEXT");

    if (!*k->arg || !n || n >= sizeof(r->text))
        return !*k->arg && !n;
    memcpy(r->text, arg, n);
    return number(r->text, hex ? 16 : 0, &r->number) || text;
}

bool lab_misbehave_add(struct lab_misbehave *m, const char *option, char *why, size_t why_size)
{
    const char *at = strrchr(option, '@'), *end = at ? at : option + strlen(option);
    const char *eq = memchr(option, '=', (size_t)(end - option));
    const struct kind *k = find(option, (size_t)((eq ? eq : end) - option));
    struct lab_fault_rule r = {0};

    if (!k) {
        snprintf(why, why_size, "no misbehaviour is called \"%s\"", option);
        return false;
    }
    r.kind = (enum lab_misbehaviour)(k - kinds);
    if (!take_arg(&r, k, eq ? eq + 1 : end, eq ? (size_t)(end - eq - 1) : 0)) {
        snprintf(why, why_size, "\"%s\": %s takes %s", option, k->name,
                 *k->arg ? k->arg : "no argument");
        return false;
    }
    if (at && !take_where(&r, at + 1)) {
        snprintf(why, why_size, "\"%s\": after @ stands SERVER, PORT or SERVER:PORT", option);
        return false;
    }
    if (m->count == LAB_MISBEHAVE_MAX) {
        snprintf(why, why_size, "more than %d misbehaviours", LAB_MISBEHAVE_MAX);
        return false;
    }
    m->rules[m->count++] = r;
    return true;
}

const struct lab_fault_rule *lab_misbehaves(const struct lab_misbehave *m,
                                            enum lab_misbehaviour kind, const char *server,
                                            uint16_t port)
{
    size_t i;

    for (i = 0; i < m->count; i++) {
        const struct lab_fault_rule *r = &m->rules[i];

        if (r->kind == kind && (!r->port || r->port == port) &&
            (!*r->server || (server && !strcasecmp(r->server, server))))
            return r;
    }
    return NULL;
}

void lab_misbehave_help(char *out, size_t size)
{
    size_t i, n = 0;

    for (i = 0; i < LAB_MIS_COUNT_ && n < size; i++) {
        char left[40];
        int w;

        snprintf(left, sizeof(left), "%s%s%s", kinds[i].name, *kinds[i].arg ? "=" : "",
                 kinds[i].arg);
        w = snprintf(out + n, size - n, "  %-24s %s\n", left, kinds[i].text);
        n += w > 0 ? (size_t)w : 0;
    }
}
