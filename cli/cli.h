/* SPDX-License-Identifier: MIT */
/*
 * What every subcommand of `onemapi` shares: the settings of this run, how errors and results are
 * printed, and where secrets come from. The contract with users and scripts is docs/ERRORS.md and
 * docs/man/onemapi.1.scd.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <stdio.h>

#include <jansson.h>
#include <onemapi/onemapi.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NOT_FOUND = 3,
    CLI_AUTH = 4,
    CLI_NETWORK = 5,
    CLI_NO_PERMISSION = 6,
    CLI_PARTIAL = 7,
    CLI_INTERRUPTED = 130
};

/* One run: options first, then the environment, then defaults. Strings are borrowed but for home.
 */
struct cli {
    char *home;          /* --home, ONEMAPI_HOME, $XDG_DATA_HOME/onemapi, ~/.local/share/onemapi */
    const char *profile; /* -p, ONEMAPI_PROFILE; NULL: the default profile */
    bool json;
    unsigned verbose;      /* how many -v */
    unsigned timeout_ms;   /* --timeout, of one network operation */
    const char *user;      /* --user, ONEMAPI_USER; NULL: not said */
    const char *http_user; /* --http-user, ONEMAPI_HTTP_USER; NULL: as `user` */
    const char *ca_file;   /* --ca-file, ONEMAPI_CA_FILE; NULL: the system's only */
    const char **resolves; /* --resolve, then ONEMAPI_RESOLVE: "HOST[:PORT]:ADDR[:PORT]";
                              NULL-terminated, NULL when there is none */
    size_t resolve_count;
    const char *password_file, *password_command;           /* of the RPC identity */
    const char *http_password_file, *http_password_command; /* of the HTTP one */
    const char *client_version; /* --client-version, ONEMAPI_CLIENT_VERSION; NULL: the default */
    const char *mailbox; /* --mailbox of the commands that have it; NULL: the profile's own */
    struct om_error err; /* hand &cli->err to the library, then end with cli_fail() */
    char *resolve_env;   /* what `resolves` borrows from */
    json_t *warnings;    /* with --json: held back until the end */
    const struct cli_command *command; /* what is running */
};

/*
 * A subcommand, or a group of them. `run` gets the words after its name, argv[0] the first of them,
 * with all options already taken out; their number lies between min_args and max_args.
 */
struct cli_command {
    const char *name;
    const char *args;    /* "PROFILE [SECTION]": what usage prints after the name; NULL: nothing */
    const char *summary; /* one line, no full stop */
    const char *help;    /* more, for --help; may be NULL */
    int min_args, max_args;
    int (*run)(struct cli *cli, int argc, char **argv);
    const struct cli_command *const *children; /* ends with NULL; then run is NULL */
    /* Options of its own (ends with a row of zeroes), told apart by `val` >= CLI_OPT_OWN. */
    const struct option *options;
    const char *options_help;
    void (*option)(struct cli *cli, int val, const char *arg);
    bool dash_numbers; /* -2147221231 is an argument here, not an option */
};

#define CLI_OPT_OWN 1000

/* ---- results ---- */

/* Prints the document to stdout and drops it. NULL counts as out of memory. */
int cli_json(struct cli *cli, json_t *doc);

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD. NULL gives null. */
json_t *cli_json_text(const char *s);

/* Text for a person on stdout; control characters of foreign text are shown as '?'. */
void cli_put_text(FILE *f, const char *s);

/* A table: header and rows of cells, printed with aligned columns once it is complete. */
struct cli_table {
    size_t columns, rows, capacity;
    char **cells; /* the header first */
    bool failed;  /* memory ran out */
};

void cli_table_init(struct cli_table *t, size_t columns, const char *const *header);
void cli_table_row(struct cli_table *t, const char *const *cells);     /* copies; NULL is "" */
int cli_table_print(struct cli *cli, struct cli_table *t);             /* and frees it */
void cli_table_free(struct cli_table *t);                              /* one that is not printed */
int cli_table_print_to(struct cli *cli, struct cli_table *t, FILE *f); /* likewise */

/* A person sees no table where there are no rows: says why on stderr; with --json nothing. */
void cli_note_empty(const struct cli *cli, const char *text);

/* ---- failures ---- */

/* Prints cli->err by the contract, to stderr, and gives the exit code. */
int cli_fail(struct cli *cli);

/* The same with further members of the error object (`extra`, may be NULL), which is dropped. */
int cli_fail_with(struct cli *cli, json_t *extra);

/* "onemapi: usage: ..." and exit code 2. */
int cli_usage_error(struct cli *cli, const char *fmt, ...) OM_PRINTF(2, 3);

/* Out of memory in the command itself. */
int cli_no_memory(struct cli *cli);

/* A warning on stderr; with --json it waits for the end, as {"warnings": [...]} or in the error
 * object. */
void cli_warn(struct cli *cli, const char *fmt, ...) OM_PRINTF(2, 3);

/* The exit code that belongs to a failure: the one table. */
enum cli_exit cli_exit_code(const struct om_error *err);

/* The known words nearest to a mistyped one, as ": did you mean a, b?" or "". */
void cli_nearest(const char *word, const char *const *known, size_t count, char *buf, size_t size);

/* ---- shared steps ---- */

/* Opens the store of cli->home; on failure cli->err says why. */
om_status cli_store(struct cli *cli, unsigned flags, struct om_store **out);

enum cli_identity { CLI_IDENTITY_RPC, CLI_IDENTITY_HTTP };

/*
 * The password of `user`: from the file, the command, the desktop's secret service, or asked for on
 * the terminal. *password is NULL when none of them is there: a ticket cache may do; for the HTTP
 * identity that is a failure, and the RPC identity's password is never taken for it. Free with
 * cli_password_free(), which wipes it.
 */
om_status cli_password(struct cli *cli, enum cli_identity which, const char *user, char **password);
void cli_password_free(char *password);

/* ---- the commands, one file each ---- */

extern const struct cli_command cli_cmd_profile;
extern const struct cli_command cli_cmd_service;
extern const struct cli_command cli_cmd_provider;
extern const struct cli_command cli_cmd_prop;
extern const struct cli_command cli_cmd_map;
extern const struct cli_command cli_cmd_error;
extern const struct cli_command cli_cmd_folders;
extern const struct cli_command cli_cmd_gal;
extern const struct cli_command cli_cmd_logon;
extern const struct cli_command cli_cmd_resolve;
extern const struct cli_command cli_cmd_stores;

#endif
