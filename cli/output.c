/* SPDX-License-Identifier: MIT */
/* Results on stdout, failures on stderr, exit codes: the contract in docs/ERRORS.md. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

/* ---- text of foreign origin ---- */

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
               : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    if (n == 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0)))
        return 0; /* overlong; a surrogate */
    if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] >= 0x90)))
        return 0;
    return n;
}

static bool is_control(const unsigned char *s, size_t n)
{
    return (n == 1 && (s[0] < 0x20 || s[0] == 0x7F)) || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0);
}

/* Columns of a terminal the n bytes of one character take: 2 for 実, 0 for a combining accent. */
static size_t columns_of_one(const unsigned char *s, size_t n)
{
    wchar_t c = n < 2 ? s[0] : s[0] & (0x7F >> n);
    int width;

    if (n < 2 || is_control(s, n))
        return 1; /* itself, or the '?' that stands for it */
    for (size_t i = 1; i < n; i++)
        c = (wchar_t)(c << 6 | (s[i] & 0x3F));
    width = wcwidth(c);
    return width < 0 ? 1 : (size_t)width;
}

/* Gives the columns it takes. */
static size_t put_text(FILE *f, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t columns = 0;

    while (*s) {
        size_t n = utf8_length(s);

        if (n == 0 || is_control(s, n))
            fputc('?', f);
        else
            fwrite(s, 1, n, f);
        columns += columns_of_one(s, n);
        s += n ? n : 1;
    }
    return columns;
}

void cli_put_text(FILE *f, const char *s)
{
    put_text(f, s ? s : "");
}

static size_t columns_of(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t columns = 0;

    while (*s) {
        size_t n = utf8_length(s);

        columns += columns_of_one(s, n);
        s += n ? n : 1;
    }
    return columns;
}

json_t *cli_json_text(const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const unsigned char *s = (const unsigned char *)text;
    char *clean, *out;
    json_t *j;

    if (!text)
        return json_null();
    j = json_string(text);
    if (j)
        return j;
    clean = out = malloc(3 * strlen(text) + 1);
    if (!clean)
        return NULL;
    while (*s) {
        size_t n = utf8_length(s);
        const void *from = n ? (const void *)s : replacement;
        size_t len = n ? n : 3;

        memcpy(out, from, len);
        out += len;
        s += n ? n : 1;
    }
    *out = '\0';
    j = json_string(clean);
    free(clean);
    return j;
}

/* ---- results ---- */

int cli_json(struct cli *cli, json_t *doc)
{
    int rc;

    if (!doc)
        return cli_no_memory(cli);
    rc = json_dumpf(doc, stdout, JSON_INDENT(2));
    json_decref(doc);
    if (rc != 0)
        return CLI_FAILED; /* main says that stdout could not be written */
    putchar('\n');
    return CLI_OK;
}

static bool table_put(struct cli_table *t, const char *const *cells)
{
    if (t->rows == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        char **more = realloc(t->cells, capacity * t->columns * sizeof *more);

        if (!more)
            return false;
        t->cells = more;
        t->capacity = capacity;
    }
    for (size_t i = 0; i < t->columns; i++) {
        char *copy = strdup(cells[i] ? cells[i] : "");

        if (!copy) {
            while (i--)
                free(t->cells[t->rows * t->columns + i]);
            return false;
        }
        t->cells[t->rows * t->columns + i] = copy;
    }
    t->rows++;
    return true;
}

void cli_table_init(struct cli_table *t, size_t columns, const char *const *header)
{
    *t = (struct cli_table){.columns = columns};
    t->failed = !table_put(t, header);
}

void cli_table_row(struct cli_table *t, const char *const *cells)
{
    if (!t->failed)
        t->failed = !table_put(t, cells);
}

static size_t column_width(const struct cli_table *t, size_t col)
{
    size_t width = 0;

    for (size_t row = 0; row < t->rows; row++) {
        size_t n = columns_of(t->cells[row * t->columns + col]);
        width = n > width ? n : width;
    }
    return width;
}

static bool print_rows(const struct cli_table *t, FILE *f)
{
    size_t *widths = malloc(t->columns * sizeof *widths);

    if (!widths)
        return false;
    for (size_t col = 0; col < t->columns; col++)
        widths[col] = column_width(t, col);
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t col = 0; col < t->columns; col++) {
            size_t used = put_text(f, t->cells[row * t->columns + col]);

            if (col + 1 < t->columns)
                fprintf(f, "%*s", (int)(widths[col] - used + 2), "");
        }
        putc('\n', f);
    }
    free(widths);
    return true;
}

int cli_table_print_to(struct cli *cli, struct cli_table *t, FILE *f)
{
    bool done = !t->failed && (t->rows <= 1 || print_rows(t, f));

    cli_table_free(t);
    return done ? CLI_OK : cli_no_memory(cli);
}

int cli_table_print(struct cli *cli, struct cli_table *t)
{
    return cli_table_print_to(cli, t, stdout);
}

void cli_table_free(struct cli_table *t)
{
    for (size_t i = 0; i < t->rows * t->columns; i++)
        free(t->cells[i]);
    free(t->cells);
    *t = (struct cli_table){0};
}

void cli_note_empty(const struct cli *cli, const char *text)
{
    if (!cli->json)
        fprintf(stderr, "onemapi: %s\n", text);
}

/* ---- failures ---- */

/*
 * Which exit code a failure has: the first row that fits. Layer NONE is any layer, cause NONE any
 * cause, status OM_OK any status (the one the caller sees). The cause decides before the status
 * does: MAPI's codes are too coarse for a script.
 */
static const struct {
    enum om_layer layer;
    enum om_cause cause;
    om_status status;
    enum cli_exit code;
} exit_table[] = {
    {OM_LAYER_NONE, OM_CAUSE_CANCELLED, OM_OK, CLI_INTERRUPTED},
    {OM_LAYER_USAGE, OM_CAUSE_NOT_FOUND, OM_OK, CLI_NOT_FOUND}, /* a property's or code's name */
    {OM_LAYER_USAGE, OM_CAUSE_NONE, OM_OK, CLI_USAGE},
    /* what a word of the command line holds; set in a profile, the same ends with another status */
    {OM_LAYER_MAP, OM_CAUSE_BAD_ARGUMENT, OM_OK, CLI_USAGE},
    {OM_LAYER_MAP, OM_CAUSE_BAD_SYNTAX, OM_OK, CLI_USAGE},
    {OM_LAYER_ROUTE, OM_CAUSE_BAD_ARGUMENT, MAPI_E_INVALID_PARAMETER, CLI_USAGE},
    {OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT, MAPI_E_INVALID_PARAMETER, CLI_USAGE},
    {OM_LAYER_TLS, OM_CAUSE_NOT_FOUND, OM_OK, CLI_USAGE}, /* --ca-file, and the next three */
    {OM_LAYER_TLS, OM_CAUSE_ACCESS_DENIED, OM_OK, CLI_USAGE},
    {OM_LAYER_TLS, OM_CAUSE_IO, OM_OK, CLI_USAGE},
    {OM_LAYER_TLS, OM_CAUSE_BAD_SYNTAX, OM_OK, CLI_USAGE},
    {OM_LAYER_AUTH, OM_CAUSE_NOT_FOUND, OM_OK, CLI_AUTH}, /* the password file, not the mailbox */
    {OM_LAYER_AUTH, OM_CAUSE_BAD_SYNTAX, OM_OK, CLI_AUTH},
    {OM_LAYER_AUTH, OM_CAUSE_IO, OM_OK, CLI_AUTH},
    {OM_LAYER_AUTH, OM_CAUSE_TIMEOUT, OM_OK, CLI_AUTH}, /* the password command */
    {OM_LAYER_NONE, OM_CAUSE_NO_MAP_ENTRY, OM_OK, CLI_NOT_FOUND},
    {OM_LAYER_NONE, OM_CAUSE_NOT_FOUND, OM_OK, CLI_NOT_FOUND},
    {OM_LAYER_NONE, OM_CAUSE_UNKNOWN_USER, OM_OK, CLI_NOT_FOUND},
    {OM_LAYER_NONE, OM_CAUSE_BAD_CREDENTIALS, OM_OK, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_NO_CREDENTIALS, OM_OK, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_AUTH_NOT_OFFERED, OM_OK, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_AUTH_FAILED, OM_OK, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_BAD_SIGNATURE, OM_OK, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_ACCESS_DENIED, OM_OK, CLI_NO_PERMISSION},
    {OM_LAYER_NONE, OM_CAUSE_READ_ONLY, OM_OK, CLI_NO_PERMISSION},
    {OM_LAYER_STORE, OM_CAUSE_NONE, OM_OK, CLI_FAILED},
    {OM_LAYER_DNS, OM_CAUSE_NONE, OM_OK, CLI_NETWORK},
    {OM_LAYER_TCP, OM_CAUSE_NONE, OM_OK, CLI_NETWORK},
    {OM_LAYER_TLS, OM_CAUSE_NONE, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_UNRESOLVED_HOST, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_REFUSED, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_UNREACHABLE, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_TIMEOUT, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_CLOSED, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_RESET, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_CERTIFICATE, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_TLS_FAILED, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_HTTP_STATUS, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_PROXY_ERROR, OM_OK, CLI_NETWORK},
    {OM_LAYER_NONE, OM_CAUSE_NOT_REGISTERED, OM_OK, CLI_NETWORK},
    /* named so that the status below does not decide */
    {OM_LAYER_NONE, OM_CAUSE_PROXY_BLOCKS_LEGACY, OM_OK, CLI_FAILED},
    {OM_LAYER_NONE, OM_CAUSE_NOT_ENCRYPTED, OM_OK, CLI_FAILED},
    {OM_LAYER_NONE, OM_CAUSE_WRONG_SERVER, OM_OK, CLI_FAILED},
    {OM_LAYER_NONE, OM_CAUSE_EXISTS, OM_OK, CLI_FAILED},
    {OM_LAYER_NONE, OM_CAUSE_PROTOCOL, OM_OK, CLI_FAILED},
    {OM_LAYER_NONE, OM_CAUSE_NONE, MAPI_W_PARTIAL_COMPLETION, CLI_PARTIAL},
    {OM_LAYER_NONE, OM_CAUSE_NONE, MAPI_E_NOT_FOUND, CLI_NOT_FOUND},
    {OM_LAYER_NONE, OM_CAUSE_NONE, MAPI_E_LOGON_FAILED, CLI_AUTH},
    {OM_LAYER_NONE, OM_CAUSE_NONE, MAPI_E_NO_ACCESS, CLI_NO_PERMISSION},
    {OM_LAYER_NONE, OM_CAUSE_NONE, MAPI_E_NETWORK_ERROR, CLI_NETWORK},
};

enum cli_exit cli_exit_code(const struct om_error *err)
{
    om_status st = om_error_status(err);

    for (size_t i = 0; i < sizeof exit_table / sizeof *exit_table; i++) {
        if ((exit_table[i].layer == OM_LAYER_NONE || exit_table[i].layer == err->layer) &&
            (exit_table[i].cause == OM_CAUSE_NONE || exit_table[i].cause == err->cause) &&
            (exit_table[i].status == OM_OK || exit_table[i].status == st))
            return exit_table[i].code;
    }
    return CLI_FAILED;
}

static json_t *frames_json(const struct om_error *err)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < err->frame_count && i < OM_ERROR_FRAMES; i++) {
        const struct om_error_frame *f = &err->frames[i];
        const char *name = om_status_name(f->status);

        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:I, s:s?}", "layer", om_layer_name(f->layer),
                                        "text", cli_json_text(f->text), "status",
                                        (json_int_t)(uint32_t)f->status, "name", name));
    }
    return list;
}

/* {status, name, layer, cause, native, native_kind, target, doing, detail, message, hint, frames}
 */
static json_t *error_json(const struct om_error *err)
{
    om_status st = om_error_status(err);
    char text[1024];

    om_error_format(err, text, sizeof text);
    return json_pack("{s:I, s:s?, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "status",
                     (json_int_t)(uint32_t)st, "name", om_status_name(st), "layer",
                     om_layer_name(err->layer), "cause", om_cause_name(err->cause), "native",
                     (json_int_t)err->native, "native_kind", om_native_name(err->native_kind),
                     "target", cli_json_text(err->target), "doing", cli_json_text(err->doing),
                     "detail", cli_json_text(err->detail), "message", cli_json_text(text), "hint",
                     om_error_hint(err), "frames", frames_json(err));
}

static void print_error_json(struct cli *cli, json_t *extra)
{
    json_t *doc = error_json(&cli->err);

    if (doc && extra)
        json_object_update_missing(doc, extra);
    if (doc && cli->warnings) {
        json_object_set(doc, "warnings", cli->warnings);
        json_decref(cli->warnings);
        cli->warnings = NULL;
    }
    if (!doc || json_dumpf(doc, stderr, JSON_COMPACT) != 0)
        fprintf(stderr, "{\"status\": %u}", (unsigned)(uint32_t)om_error_status(&cli->err));
    fputc('\n', stderr);
    json_decref(doc);
}

/* With -v: what failed further out because of it. */
static void print_frames(const struct om_error *err)
{
    for (unsigned i = 0; i < err->frame_count && i < OM_ERROR_FRAMES; i++) {
        const struct om_error_frame *f = &err->frames[i];
        const char *name = om_status_name(f->status);

        fprintf(stderr, "  %s: ", om_layer_name(f->layer));
        put_text(stderr, f->text);
        if (name)
            fprintf(stderr, " (%s)", name);
        fputc('\n', stderr);
    }
}

int cli_fail_with(struct cli *cli, json_t *extra)
{
    const char *hint = om_error_hint(&cli->err);
    char text[1024];

    fflush(stdout);
    if (cli->json) {
        print_error_json(cli, extra);
    } else {
        om_error_format(&cli->err, text, sizeof text);
        fputs("onemapi: ", stderr);
        put_text(stderr, text);
        fputc('\n', stderr);
        if (cli->verbose)
            print_frames(&cli->err);
        if (*hint)
            fprintf(stderr, "hint: %s\n", hint);
    }
    json_decref(extra);
    return cli_exit_code(&cli->err);
}

int cli_fail(struct cli *cli)
{
    return cli_fail_with(cli, NULL);
}

int cli_usage_error(struct cli *cli, const char *fmt, ...)
{
    va_list ap;

    om_error_clear(&cli->err);
    cli->err.status = MAPI_E_INVALID_PARAMETER;
    cli->err.layer = OM_LAYER_USAGE;
    cli->err.cause = OM_CAUSE_BAD_ARGUMENT;
    va_start(ap, fmt);
    vsnprintf(cli->err.detail, sizeof cli->err.detail, fmt, ap);
    va_end(ap);
    return cli_fail(cli);
}

int cli_no_memory(struct cli *cli)
{
    om_error_clear(&cli->err);
    cli->err.status = MAPI_E_NOT_ENOUGH_MEMORY;
    cli->err.layer = OM_LAYER_SYSTEM;
    cli->err.cause = OM_CAUSE_NO_MEMORY;
    return cli_fail(cli);
}

void cli_warn(struct cli *cli, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!cli->json) {
        fputs("onemapi: warning: ", stderr);
        put_text(stderr, text);
        fputc('\n', stderr);
        return;
    }
    if (!cli->warnings)
        cli->warnings = json_array();
    json_array_append_new(cli->warnings, cli_json_text(text));
}

/* ---- words near a mistyped one ---- */

/* Optimal string alignment: a swap of neighbours is one mistake. Words are short; longer ones never
 * match. */
static unsigned distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    unsigned d[MAX + 1][MAX + 1];
    size_t n = strlen(a), m = strlen(b);

    if (n > MAX || m > MAX)
        return MAX;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            unsigned cost = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

            cost = d[i - 1][j] + 1 < cost ? d[i - 1][j] + 1 : cost;
            cost = d[i][j - 1] + 1 < cost ? d[i][j - 1] + 1 : cost;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < cost)
                cost = d[i - 2][j - 2] + 1;
            d[i][j] = cost;
        }
    }
    return d[n][m];
}

void cli_nearest(const char *word, const char *const *known, size_t count, char *buf, size_t size)
{
    size_t limit = strlen(word) / 3 + 1, used = 0;

    *buf = '\0';
    for (size_t i = 0; i < count; i++) {
        bool near = distance(word, known[i]) <= limit ||
                    (strlen(word) > 1 && strncasecmp(word, known[i], strlen(word)) == 0);

        if (near && used < size)
            used += (size_t)snprintf(buf + used, size - used, "%s%s",
                                     used ? ", " : ": did you mean ", known[i]);
    }
    if (used && used + 1 < size)
        snprintf(buf + used, size - used, "?");
}

/* ---- shared steps ---- */

om_status cli_store(struct cli *cli, unsigned flags, struct om_store **out)
{
    return om_store_open(cli->home, flags, out, &cli->err);
}
