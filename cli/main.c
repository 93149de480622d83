/* SPDX-License-Identifier: MIT */
/* Options, the table of subcommands, help. */
#include "cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/config.h"

/* The order is that of --help. */
static const struct cli_command *const commands[] = {
    &cli_cmd_profile, &cli_cmd_service, &cli_cmd_provider, &cli_cmd_prop,
    &cli_cmd_map,     &cli_cmd_logon,   &cli_cmd_stores,   &cli_cmd_folders,
    &cli_cmd_gal,     &cli_cmd_resolve, &cli_cmd_error,    NULL,
};

#define DEFAULT_TIMEOUT_MS 30000u

enum {
    OPT_HOME = 256,
    OPT_JSON,
    OPT_TIMEOUT,
    OPT_USER,
    OPT_HTTP_USER,
    OPT_CA_FILE,
    OPT_RESOLVE,
    OPT_CLIENT_VERSION,
    OPT_PASSWORD_FILE,
    OPT_PASSWORD_COMMAND,
    OPT_HTTP_PASSWORD_FILE,
    OPT_HTTP_PASSWORD_COMMAND,
    OPT_VERSION
};

/* '+' stops at the first word that is no option; ':' leaves the complaint to us. */
#define SHORT_UNTIL_COMMAND "+:p:vh"
#define SHORT_ANYWHERE      ":p:vh"

static const struct option global_options[] = {
    {"profile", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, OPT_JSON},
    {"verbose", no_argument, NULL, 'v'},
    {"home", required_argument, NULL, OPT_HOME},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"user", required_argument, NULL, OPT_USER},
    {"http-user", required_argument, NULL, OPT_HTTP_USER},
    {"ca-file", required_argument, NULL, OPT_CA_FILE},
    {"resolve", required_argument, NULL, OPT_RESOLVE},
    {"client-version", required_argument, NULL, OPT_CLIENT_VERSION},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"password-command", required_argument, NULL, OPT_PASSWORD_COMMAND},
    {"http-password-file", required_argument, NULL, OPT_HTTP_PASSWORD_FILE},
    {"http-password-command", required_argument, NULL, OPT_HTTP_PASSWORD_COMMAND},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static const char global_help[] =
    "Options, before or after the command:\n"
    "  -p, --profile NAME         the profile (ONEMAPI_PROFILE; else the default one)\n"
    "      --json                 one JSON document on stdout; errors as an object on stderr\n"
    "  -v, --verbose              say what is being done; twice: every step\n"
    "      --home DIR             where profiles and settings live (ONEMAPI_HOME)\n"
    "      --timeout SECONDS      of one network operation (30)\n"
    "      --user USER            DOMAIN\\user or user@domain (ONEMAPI_USER)\n"
    "      --http-user USER       for the RPC proxy, when it is another (ONEMAPI_HTTP_USER)\n"
    "      --password-file FILE   first line of FILE, - is stdin (ONEMAPI_PASSWORD_FILE)\n"
    "      --password-command CMD first line CMD prints (ONEMAPI_PASSWORD_COMMAND)\n"
    "      --http-password-file FILE, --http-password-command CMD\n"
    "                             for --http-user\n"
    "      --ca-file FILE         more trusted certificates, PEM (ONEMAPI_CA_FILE)\n"
    "      --resolve HOST[:PORT]:ADDR[:PORT]\n"
    "                             go to ADDR for HOST; repeatable (ONEMAPI_RESOLVE)\n"
    "      --client-version V     announce V to servers, some block versions "
    "(ONEMAPI_CLIENT_VERSION)\n"
    "  -h, --help                 this, or the help of a command\n"
    "      --version\n";

/* ---- help ---- */

static const struct cli_command *find(const struct cli_command *const *list, const char *name)
{
    for (; *list; list++) {
        if (strcmp((*list)->name, name) == 0)
            return *list;
    }
    return NULL;
}

/* What stands after a command's name; nothing where nothing does. */
static const char *args_of(const struct cli_command *cmd)
{
    return cmd->args ? cmd->args : "";
}

static void list_commands(const struct cli_command *const *list, const char *prefix)
{
    for (; *list; list++)
        printf("  %s%s%-*s  %s\n", prefix, *prefix ? " " : "", 10, (*list)->name, (*list)->summary);
}

static int help_all(void)
{
    printf("usage: onemapi [-p PROFILE] [--json] [-v] [--home DIR] [--timeout S] COMMAND ...\n\n"
           "One MAPI profile for every Exchange.\n\nCommands:\n");
    list_commands(commands, "");
    printf("\n%s\nonemapi COMMAND --help tells more.\n", global_help);
    return CLI_OK;
}

static int help_command(const struct cli_command *group, const struct cli_command *cmd)
{
    const char *prefix = group ? group->name : "";

    if (cmd->children) {
        printf("usage: onemapi %s COMMAND ...\n\n%s.\n\nCommands:\n", cmd->name, cmd->summary);
        for (const struct cli_command *const *c = cmd->children; *c; c++)
            printf("  %s %s%s%s\n      %s\n", cmd->name, (*c)->name, *args_of(*c) ? " " : "",
                   args_of(*c), (*c)->summary);
    } else {
        printf("usage: onemapi %s%s%s%s%s\n\n%s.\n", prefix, *prefix ? " " : "", cmd->name,
               *args_of(cmd) ? " " : "", args_of(cmd), cmd->summary);
    }
    if (cmd->help)
        printf("\n%s\n", cmd->help);
    if (cmd->options_help)
        printf("\nOptions:\n%s", cmd->options_help);
    return CLI_OK;
}

/* ---- options ---- */

static bool add_resolve(struct cli *cli, const char *text)
{
    const char **more = realloc(cli->resolves, (cli->resolve_count + 2) * sizeof *more);

    if (!more)
        return false;
    cli->resolves = more;
    cli->resolves[cli->resolve_count++] = text;
    cli->resolves[cli->resolve_count] = NULL;
    return true;
}

static bool set_timeout(struct cli *cli, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.001 && seconds <= 86400))
        return false;
    cli->timeout_ms = (unsigned)(seconds * 1000);
    return true;
}

/* -1: taken. Else the exit code. `c` as getopt_long() gives it. */
static int take_option(struct cli *cli, int c, const char *arg)
{
    switch (c) {
    case 'p':
        cli->profile = arg;
        return -1;
    case 'v':
        cli->verbose++;
        return -1;
    case OPT_JSON:
        cli->json = true;
        return -1;
    case OPT_HOME:
        free(cli->home);
        cli->home = strdup(arg);
        return cli->home ? -1 : cli_no_memory(cli);
    case OPT_TIMEOUT:
        return set_timeout(cli, arg)
                   ? -1
                   : cli_usage_error(cli, "--timeout wants seconds, 0.001 to 86400, not \"%s\"",
                                     arg);
    case OPT_RESOLVE:
        return add_resolve(cli, arg) ? -1 : cli_no_memory(cli);
    case OPT_CLIENT_VERSION:
        cli->client_version = arg;
        return -1;
    case OPT_USER:
        cli->user = arg;
        return -1;
    case OPT_HTTP_USER:
        cli->http_user = arg;
        return -1;
    case OPT_CA_FILE:
        cli->ca_file = arg;
        return -1;
    case OPT_PASSWORD_FILE:
        cli->password_file = arg;
        return -1;
    case OPT_PASSWORD_COMMAND:
        cli->password_command = arg;
        return -1;
    case OPT_HTTP_PASSWORD_FILE:
        cli->http_password_file = arg;
        return -1;
    case OPT_HTTP_PASSWORD_COMMAND:
        cli->http_password_command = arg;
        return -1;
    default:
        return CLI_USAGE;
    }
}

/* getopt's complaint, in our form. */
static int bad_option(struct cli *cli, int c, char **argv)
{
    const char *word = argv[optind - 1];

    if (c == ':')
        return cli_usage_error(cli, "%s wants a value", word);
    if (optopt && optopt < 256)
        return cli_usage_error(cli, "there is no option -%c", optopt);
    return cli_usage_error(cli, "option %s is not known, not unique, or takes no value", word);
}

enum { WANT_HELP = -2, WANT_VERSION = -3 };

/* Takes the options; -1 when all is well, WANT_*, or an exit code. optind is at the first word
 * left. */
static int parse(struct cli *cli, int argc, char **argv, const char *shorts,
                 const struct option *longs)
{
    int c, rc;

    optind = 0; /* start anew */
    opterr = 0;
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (c == 'h')
            return WANT_HELP;
        if (c == OPT_VERSION)
            return WANT_VERSION;
        if (c == '?' || c == ':')
            return bad_option(cli, c, argv);
        if (c >= CLI_OPT_OWN) {
            cli->command->option(cli, c, optarg);
            continue;
        }
        rc = take_option(cli, c, optarg);
        if (rc != -1)
            return rc;
    }
    return -1;
}

/* ---- the environment ---- */

static const char *env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static void env_default(const char **setting, const char *name)
{
    if (!*setting)
        *setting = env(name);
}

static char *default_home(void)
{
    const char *base = env("ONEMAPI_HOME"), *tail = "";
    char *path;

    if (!base && (base = env("XDG_DATA_HOME")))
        tail = "/onemapi";
    else if (!base && (base = env("HOME")))
        tail = "/.local/share/onemapi";
    if (!base || asprintf(&path, "%s%s", base, tail) < 0)
        return NULL;
    return path;
}

/* A password named by an option goes before any named by the environment, whatever its form. */
static void env_password(const char **file, const char **command, const char *file_name,
                         const char *command_name)
{
    if (*file || *command)
        return;
    *file = env(file_name);
    if (!*file)
        *command = env(command_name);
}

static int take_environment(struct cli *cli)
{
    const char *list = env("ONEMAPI_RESOLVE");
    char *save = NULL;

    env_default(&cli->profile, "ONEMAPI_PROFILE");
    env_default(&cli->user, "ONEMAPI_USER");
    env_default(&cli->http_user, "ONEMAPI_HTTP_USER");
    env_default(&cli->ca_file, "ONEMAPI_CA_FILE");
    env_default(&cli->client_version, "ONEMAPI_CLIENT_VERSION");
    env_password(&cli->password_file, &cli->password_command, "ONEMAPI_PASSWORD_FILE",
                 "ONEMAPI_PASSWORD_COMMAND");
    env_password(&cli->http_password_file, &cli->http_password_command,
                 "ONEMAPI_HTTP_PASSWORD_FILE", "ONEMAPI_HTTP_PASSWORD_COMMAND");
    if (!cli->home && !(cli->home = default_home()))
        return cli_usage_error(cli, "no home folder: set ONEMAPI_HOME, or give --home");
    if (!list)
        return -1;
    cli->resolve_env = strdup(list);
    if (!cli->resolve_env)
        return cli_no_memory(cli);
    for (char *word = strtok_r(cli->resolve_env, " \t\n,;", &save); word;
         word = strtok_r(NULL, " \t\n,;", &save)) {
        if (!add_resolve(cli, word))
            return cli_no_memory(cli);
    }
    return -1;
}

/* ---- running ---- */

static int unknown_command(struct cli *cli, const struct cli_command *const *list,
                           const char *group, const char *word)
{
    const char *names[64];
    char nearest[200];
    size_t n = 0;

    for (; list[n] && n < 64; n++)
        names[n] = list[n]->name;
    cli_nearest(word, names, n, nearest, sizeof nearest);
    return cli_usage_error(cli, "there is no command \"%s%s%s\"%s", group, *group ? " " : "", word,
                           nearest);
}

static bool is_dash_number(const char *s)
{
    return s[0] == '-' && s[1] && s[1 + strspn(s + 1, "0123456789")] == '\0';
}

/* Moves arguments like -2147221231 to the end, behind "--", where getopt leaves them alone. */
static char **shield_numbers(int argc, char **argv, int *shielded)
{
    static char end_of_options[] = "--";
    char **out = calloc((size_t)argc + 2, sizeof *out);
    int n = 0;

    if (!out)
        return NULL;
    for (int i = 0; i < argc; i++) {
        if (i == 0 || !is_dash_number(argv[i]))
            out[n++] = argv[i];
    }
    *shielded = argc - n;
    if (*shielded)
        out[n++] = end_of_options;
    for (int i = 1; i < argc; i++) {
        if (is_dash_number(argv[i]))
            out[n++] = argv[i];
    }
    return out;
}

static int run_words(struct cli *cli, const struct cli_command *group,
                     const struct cli_command *cmd, int argc, char **argv)
{
    int rc;

    if (argc < cmd->min_args || argc > cmd->max_args)
        return cli_usage_error(cli, "onemapi %s%s%s%s%s", group ? group->name : "",
                               group ? " " : "", cmd->name, *args_of(cmd) ? " " : "", args_of(cmd));
    rc = take_environment(cli);
    return rc != -1 ? rc : cmd->run(cli, argc, argv);
}

/* argv[0] is the command's own name. */
static int run_leaf(struct cli *cli, const struct cli_command *group, const struct cli_command *cmd,
                    int argc, char **argv)
{
    struct option longs[64];
    size_t n = sizeof global_options / sizeof *global_options - 1;
    char **words = argv;
    int rc, shielded = 0;

    memcpy(longs, global_options, n * sizeof *longs);
    for (const struct option *o = cmd->options; o && o->name && n < 63; o++)
        longs[n++] = *o;
    longs[n] = (struct option){NULL, 0, NULL, 0};
    if (cmd->dash_numbers && !(words = shield_numbers(argc, argv, &shielded)))
        return cli_no_memory(cli);
    argc += shielded != 0;
    cli->command = cmd;
    rc = parse(cli, argc, words, SHORT_ANYWHERE, longs);
    if (rc == WANT_HELP)
        rc = help_command(group, cmd);
    else if (rc == -1)
        rc = run_words(cli, group, cmd, argc - optind, words + optind);
    if (words != argv)
        free(words);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv)
{
    const struct cli_command *const *list = commands;
    const struct cli_command *cmd = NULL, *group = NULL;

    for (;;) {
        int rc = parse(cli, argc, argv, SHORT_UNTIL_COMMAND, global_options);

        if (rc == WANT_VERSION)
            return printf("onemapi %s\n", ONEMAPI_VERSION) < 0;
        if (rc == WANT_HELP)
            return cmd ? help_command(NULL, cmd) : help_all();
        if (rc != -1)
            return rc;
        argc -= optind;
        argv += optind;
        if (argc < 1)
            return cmd ? cli_usage_error(cli, "%s wants a command; see onemapi %s --help",
                                         cmd->name, cmd->name)
                       : cli_usage_error(cli, "no command given; see onemapi --help");
        if (!cmd && strcmp(argv[0], "help") == 0 && argc == 1)
            return help_all();
        group = cmd;
        cmd = find(list, argv[0]);
        if (!cmd)
            return unknown_command(cli, list, group ? group->name : "", argv[0]);
        if (!cmd->children)
            return run_leaf(cli, group, cmd, argc, argv);
        list = cmd->children;
    }
}

/* What was printed may still fail to be written; silence would look like success. */
static int finish(struct cli *cli, int rc)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);

    if (cli->warnings && json_array_size(cli->warnings)) {
        json_t *doc = json_pack("{s:O}", "warnings", cli->warnings);
        if (doc && json_dumpf(doc, stderr, JSON_COMPACT) == 0)
            fputc('\n', stderr);
        json_decref(doc);
    }
    if (lost) {
        fprintf(stderr, "onemapi: system: standard output could not be written\n");
        rc = rc == CLI_OK ? CLI_FAILED : rc;
    }
    json_decref(cli->warnings);
    free(cli->resolves);
    free(cli->resolve_env);
    free(cli->home);
    return rc;
}

static void on_interrupt(int sig)
{
    (void)sig;
    _exit(CLI_INTERRUPTED); /* a change half done is rolled back by whoever opens the store next */
}

int main(int argc, char **argv)
{
    struct cli cli = {.timeout_ms = DEFAULT_TIMEOUT_MS};
    struct rlimit none = {0, 0};

    setlocale(LC_CTYPE, "C.UTF-8"); /* what is printed is UTF-8, and wcwidth() has to know */
    signal(SIGINT, on_interrupt);
    setrlimit(RLIMIT_CORE, &none); /* a core file could hold a password */
    signal(SIGPIPE, SIG_IGN);      /* a closed socket or pipe is an error, not the end */
    return finish(&cli, run(&cli, argc, argv));
}
